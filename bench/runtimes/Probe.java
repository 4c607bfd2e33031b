import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OnnxJavaType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** As runtime/inference/python/runtimes.py, for ONNX Runtime's Java package: java -cp onnxruntime.jar Probe.java MODEL.onnx IMAGES OUTPUTS */
public class Probe {
  public static void main(String[] arguments) throws Exception {
    Path images = Path.of(arguments[1]);
    Path out = Path.of(arguments[2]);
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    List<String> lines = new ArrayList<>();
    System.out.println(environment.getVersion());
    try (OrtSession session = environment.createSession(arguments[0])) {
      for (String line : Files.readAllLines(images.resolve("images.txt"))) {
        String[] fields = line.split("\t");
        long[] shape = {Long.parseLong(fields[1]), Long.parseLong(fields[2]), Long.parseLong(fields[3]), 3};
        ByteBuffer pixels = ByteBuffer.wrap(Files.readAllBytes(images.resolve(fields[0] + ".u8")));
        try (OnnxTensor image = OnnxTensor.createTensor(environment, pixels, shape, OnnxJavaType.UINT8);
            OrtSession.Result results = session.run(Map.of("image", image))) {
          for (Map.Entry<String, OnnxValue> entry : results) {
            OnnxTensor tensor = (OnnxTensor) entry.getValue();
            FloatBuffer values = tensor.getFloatBuffer();
            ByteBuffer bytes = ByteBuffer.allocate(values.remaining() * 4).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            Files.write(out.resolve(lines.size() + ".f32"), bytes.array());
            StringBuilder sizes = new StringBuilder();
            Arrays.stream(tensor.getInfo().getShape()).forEach(size -> sizes.append("\t").append(size));
            lines.add(fields[0] + "\t" + entry.getKey() + sizes);
          }
        }
      }
    }
    Files.writeString(out.resolve("outputs.txt"), String.join("\n", lines));
  }
}
