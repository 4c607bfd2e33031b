#:package Microsoft.ML.OnnxRuntime@1.22.0
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

/// <summary>As runtime/inference/python/runtimes.py, for ONNX Runtime's C# API: dotnet run Probe.cs -- MODEL.onnx IMAGES OUTPUTS</summary>
public static class Probe
{
    public static void Main(string[] arguments)
    {
        var (model, images, folder) = (arguments[0], arguments[1], arguments[2]);
        var lines = new List<string>();
        Console.WriteLine(OrtEnv.Instance().GetVersionString());
        using var session = new InferenceSession(model);
        foreach (var line in File.ReadAllLines(Path.Combine(images, "images.txt")))
        {
            var fields = line.Split('\t');
            var sizes = fields.Skip(1).Select(int.Parse).Append(3).ToArray();
            var image = new DenseTensor<byte>(File.ReadAllBytes(Path.Combine(images, fields[0] + ".u8")), sizes);
            using var results = session.Run(new[] { NamedOnnxValue.CreateFromTensor("image", image) });
            foreach (var result in results)
            {
                var tensor = result.AsTensor<float>();
                var bytes = MemoryMarshal.AsBytes<float>(tensor.ToArray()).ToArray();
                File.WriteAllBytes(Path.Combine(folder, lines.Count + ".f32"), bytes);
                lines.Add(string.Join("\t", new[] { fields[0], result.Name }.Concat(tensor.Dimensions.ToArray().Select(size => size.ToString()))));
            }
        }
        File.WriteAllText(Path.Combine(folder, "outputs.txt"), string.Join("\n", lines));
    }
}
