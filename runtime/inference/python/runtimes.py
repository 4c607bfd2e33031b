"""Runs an exported file in one runtime that has a Python package, and stores its outputs:

    python runtimes.py RUNTIME MODEL.onnx IMAGES OUTPUTS

IMAGES is a folder with images.txt, a line for each input (name, batch, height, width), and their bytes in NAME.u8. OUTPUTS gets outputs.txt, a
line for each output (input, output, sizes), and their values in NUMBER.f32, numbered by line.

Prints the version of the runtime. Each runtime may have an environment of its own, so that nothing is imported outside of its function and main.
Ends with 3 where a module is missing, whose name is the last line of standard error. `wsban verify --runtime` and bench/runtimes/measure.py run it.
"""

import sys
from pathlib import Path

MISSING = 3
"""The exit code where a module is missing."""


def onnxruntime_of(model, **options):
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"], **options)
    names = [output.name for output in session.get_outputs()]
    return lambda image: dict(zip(names, session.run(None, {"image": image})))


def onnxruntime(path):
    import onnxruntime as runtime

    return runtime.__version__, onnxruntime_of(path)


def openvino(path):
    import numpy as np
    import openvino as runtime

    compiled = runtime.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    names = [output.get_any_name() for output in compiled.outputs]
    return runtime.__version__, lambda image: {name: np.array(value) for name, value in zip(names, compiled([image]).values())}


def reference(path):
    import onnx
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(path)
    return onnx.__version__, lambda image: dict(zip(evaluator.output_names, evaluator.run(None, {"image": image})))


def onnxslim(path):
    import onnxslim as tool

    return tool.__version__, onnxruntime_of(tool.slim(path).SerializeToString())


def onnxsim(path):
    import onnx
    import onnxsim as tool

    simplified, valid = tool.simplify(onnx.load(path))
    if not valid:
        raise SystemExit("onnxsim found that the simplified file computes something else")
    return tool.__version__, onnxruntime_of(simplified.SerializeToString())


def quantization(path):
    """The preparation for ONNX Runtime's quantisation. Its symbolic shape inference fails at reductions of opset 18."""
    import tempfile

    import onnxruntime as runtime
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        quant_pre_process(path, f"{folder}/prepared.onnx", skip_symbolic_shape=True)
        return runtime.__version__, onnxruntime_of(f"{folder}/prepared.onnx")


def onnx2torch(path):
    from importlib.metadata import version

    import onnx
    import onnx2torch as tool
    import torch

    module = tool.convert(onnx.load(path)).eval()
    names = [output.name for output in onnx.load(path).graph.output]

    @torch.inference_mode()
    def run(image):
        found = module(torch.from_numpy(image))
        return dict(zip(names, [value.numpy() for value in (found if isinstance(found, (tuple, list)) else [found])]))

    return version("onnx2torch"), run


def tract(path):
    """Of a file with free sizes, tract wants to know the input's first."""
    from importlib.metadata import version

    import onnx
    import tract as tool

    names = [output.name for output in onnx.load(path).graph.output]
    model = tool.onnx().load(path).into_model().into_runnable()
    return version("tract"), lambda image: dict(zip(names, [value.to_numpy() for value in model.run([image])]))


def main() -> None:
    import numpy as np

    name, model, images, out = sys.argv[1:]
    version, run = globals()[name](model)
    print(version)
    lines = []
    for line in (Path(images) / "images.txt").read_text().splitlines():
        image, *sizes = line.split("\t")
        pixels = np.fromfile(Path(images) / f"{image}.u8", np.uint8).reshape(*map(int, sizes), 3)
        for output, value in run(pixels).items():
            np.asarray(value, np.float32).tofile(Path(out) / f"{len(lines)}.f32")
            lines.append("\t".join([image, output, *map(str, value.shape)]))
    (Path(out) / "outputs.txt").write_text("\n".join(lines))


try:
    main()
except ModuleNotFoundError as error:
    print(error.name, file=sys.stderr)
    sys.exit(MISSING)
