"""Runs exported files in other runtimes and tools, and writes the table of docs/deploy.md:

    wsban export RUN -o model.onnx
    wsban export RUN -o portable.onnx --portable
    wsban export RUN -o fixed.onnx --portable --batch 1 --image-size 375x500
    python bench/runtimes/measure.py model.onnx portable.onnx fixed.onnx PHOTO... [--only NAME...] [--write]

Each runtime is installed into a folder of its own below ~/.cache/wsban/runtimes, once: Python packages by pip, Java's by Maven, C#'s by the .NET SDK
(10 or newer); onnxruntime-web is a development dependency and runs in Chromium. --command NAME=COMMAND runs an installed probe instead. The outputs for the photos, each alone and, where the batch is free, the first one three times in a batch, are
compared with those of the newest ONNX Runtime for the same file. --write puts the table between the marks in docs/deploy.md. Needs Python 3.11 or
newer, NumPy and Pillow; Java 11 and Maven, and Chromium, for those.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PAGE = ROOT / "docs" / "deploy.md"
MARKS = ("<!-- measured by bench/runtimes/measure.py -->", "<!-- end of the measured table -->")
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "wsban" / "runtimes"
FIXED = (375, 500)
"""Height and width of the images of the file with fixed sizes."""


@dataclass
class Runtime:
    name: str
    function: str
    packages: list[str]
    label: str
    """With `{}` in place of the version."""
    host: str = "python"


NEWEST = "onnxruntime==1.32.0"
RUNTIMES = [
    Runtime("ort-1.32", "onnxruntime", [NEWEST], "ONNX Runtime {}"),
    Runtime("ort-1.20", "onnxruntime", ["onnxruntime==1.20.1"], "ONNX Runtime {}"),
    Runtime("ort-1.18", "onnxruntime", ["onnxruntime==1.18.1", "numpy<2"], "ONNX Runtime {}"),
    Runtime("ort-1.16", "onnxruntime", ["onnxruntime==1.16.3", "numpy<2"], "ONNX Runtime {}"),
    Runtime("ort-1.15", "onnxruntime", ["onnxruntime==1.15.1", "numpy<2"], "ONNX Runtime {}"),
    Runtime("openvino", "openvino", ["openvino==2026.4.0"], "OpenVINO {}"),
    Runtime("java", "", ["com.microsoft.onnxruntime:onnxruntime:1.20.0"], "ONNX Runtime {}, Java", "java"),
    Runtime("csharp", "", [], "ONNX Runtime {}, C#", "csharp"),
    Runtime("web-wasm", "wasm", [], "onnxruntime-web {}, WebAssembly", "web"),
    Runtime("web-webgpu", "webgpu", [], "onnxruntime-web {}, WebGPU (SwiftShader)", "web"),
    Runtime("tract", "tract", ["tract==0.23.9", "onnx"], "tract {}"),
    Runtime("reference", "reference", ["onnx==1.23.2"], "onnx.reference {}"),
    Runtime("onnxslim", "onnxslim", ["onnxslim", NEWEST], "onnxslim {}, then ONNX Runtime"),
    Runtime("onnxsim", "onnxsim", ["onnxsim", NEWEST], "onnxsim {}, then ONNX Runtime"),
    Runtime("quantization", "quantization", ["onnx==1.23.2", "sympy", NEWEST], "`quant_pre_process(skip_symbolic_shape=True)` of ONNX Runtime {}, then ONNX Runtime"),
    Runtime("onnx2torch", "onnx2torch", ["onnx2torch", "torch"], "onnx2torch {}"),
]


def installed(folder: Path, packages: list[str], install) -> None:
    """Calls `install` unless the folder holds these packages."""
    ready = folder / "installed.txt"
    wanted = "\n".join(packages)
    if ready.exists() and ready.read_text() == wanted:
        return
    install()
    ready.write_text(wanted)


def command_of(runtime: Runtime) -> list[str]:
    """The command that takes a file, a folder of images, and one for outputs; what it needs is installed."""
    folder = CACHE / runtime.name
    if runtime.host == "csharp":
        return ["dotnet", "run", str(HERE / "Probe.cs"), "--"]
    if runtime.host == "web":
        return ["node", "--import=tsx", str(HERE / "web.ts"), runtime.function]
    if runtime.host == "java":
        [package] = runtime.packages

        def copy():
            for goal in (["dependency:get", f"-Dartifact={package}"], ["dependency:copy", f"-Dartifact={package}", f"-DoutputDirectory={folder}"]):
                subprocess.run(["mvn", "--quiet", "--batch-mode", *goal], check=True)

        installed(folder, runtime.packages, copy)
        return ["java", "-cp", f"{folder}/*", str(HERE / "Probe.java")]

    def pip():
        venv.create(folder, with_pip=True)
        quiet = ["--quiet", "--disable-pip-version-check"]
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", *quiet, *runtime.packages, "numpy"], check=True)

    installed(folder, runtime.packages, pip)
    return [str(folder / "bin" / "python"), str(ROOT / "runtime" / "inference" / "python" / "runtimes.py"), runtime.function]


def pixels(path: str, longest: int) -> Image.Image:
    """Upright and opaque."""
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    image.thumbnail((longest, longest))
    return image


def write_images(folder: Path, images: dict[str, np.ndarray]) -> Path:
    folder.mkdir()
    for name, values in images.items():
        values.tofile(folder / f"{name}.u8")
    lines = ["\t".join([name, *map(str, values.shape[:3])]) for name, values in images.items()]
    (folder / "images.txt").write_text("\n".join(lines))
    return folder


Outputs = dict[tuple[str, str], np.ndarray]
"""By image and output."""


@dataclass
class Outcome:
    version: str
    outputs: Outputs | None
    problem: str


def probe(runtime: Runtime, commands: dict[str, list[str]], model: str, images: Path) -> Outcome:
    try:
        command = commands.get(runtime.name) or command_of(runtime)
    except (subprocess.CalledProcessError, FileNotFoundError):
        return Outcome("", None, "cannot be installed here")
    with tempfile.TemporaryDirectory() as out:
        try:
            run = subprocess.run(
                [*command, model, str(images), out],
                capture_output=True,
                text=True,
                timeout=1800,
                cwd=ROOT,
                env={**os.environ, "ORT_DISABLE_TELEMETRY": "1", "RUST_BACKTRACE": "0"},
            )
        except FileNotFoundError:
            return Outcome("", None, "cannot be installed here")
        except subprocess.TimeoutExpired:
            return Outcome("", None, "takes longer than half an hour")
        lines = run.stdout.strip().splitlines()
        version = lines[0] if lines else ""
        if run.returncode == 0:
            return Outcome(version, read_outputs(Path(out)), "")
        errors = [line for line in run.stderr.strip().splitlines() if line.strip()]
        named = [line for line in errors if "Error" in line or "Exception" in line or "error" in line]
        return Outcome(version, None, (named or errors or [f"ends with {run.returncode}"])[-1].strip()[:160])


def read_outputs(folder: Path) -> Outputs:
    outputs = {}
    for number, line in enumerate((folder / "outputs.txt").read_text().splitlines()):
        image, output, *sizes = line.split("\t")
        outputs[image, output] = np.fromfile(folder / f"{number}.f32", np.float32).reshape(*map(int, sizes))
    return outputs


def cell(found: Outcome, expected: Outputs) -> str:
    """The largest difference of a probability, and the number of boxes that are the same."""
    if found.outputs is None:
        return f"no: {found.problem.replace('|', '/')}"
    same, boxes, largest = 0, 0, 0.0
    for (image, output), value in expected.items():
        theirs = found.outputs.get((image, output))
        if theirs is None or theirs.shape != value.shape:
            return f"no: {output} is missing or has another shape"
        difference = np.abs(theirs - value)
        if output == "probabilities":
            largest = max(largest, float(difference.max()))
        if output == "boxes":
            boxes += len(value)
            same += int((difference.max(axis=1) <= 1e-6).sum())
    return f"{largest:.0e}, {same} of {boxes}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="as exported by default")
    parser.add_argument("portable", help="with --portable")
    parser.add_argument("fixed", help=f"with --portable --batch 1 --image-size {FIXED[0]}x{FIXED[1]}")
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--only", nargs="+", choices=[runtime.name for runtime in RUNTIMES])
    parser.add_argument("--command", nargs="+", default=[], metavar="NAME=COMMAND", help="run this probe for the runtime of this name")
    parser.add_argument("--longest", type=int, default=500, help="photos are shrunk to this many pixels")
    parser.add_argument("--write", action="store_true", help="write the table to docs/deploy.md")
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write needs all runtimes")
    with tempfile.TemporaryDirectory() as name:
        photos = [pixels(path, options.longest) for path in options.photos]
        free = {f"photo {index}": np.asarray(photo)[None] for index, photo in enumerate(photos)}
        fixed = {key: np.asarray(photo.resize(FIXED[::-1]))[None] for key, photo in zip(free, photos)}
        first = next(iter(free.values()))
        free["batch"] = np.concatenate([first, first[:, ::-1], first[:, :, ::-1]])
        any_size = write_images(Path(name) / "any_size", free)
        one_size = write_images(Path(name) / "one_size", fixed)
        models = [str(Path(path).resolve()) for path in (options.model, options.portable, options.fixed)]
        files = list(zip(models, [any_size, any_size, one_size]))
        commands = {name: shlex.split(command) for name, _, command in (given.partition("=") for given in options.command)}
        newest = [probe(RUNTIMES[0], commands, model, images) for model, images in files]
        rows = []
        for runtime in RUNTIMES:
            if options.only and runtime.name not in options.only:
                continue
            found = newest if runtime is RUNTIMES[0] else [probe(runtime, commands, model, images) for model, images in files]
            version = next((one.version for one in found if one.version), "")
            label = runtime.label.replace("{}", version.split("-")[0].removeprefix("v"))
            cells = [cell(one, base.outputs or {}) if base.outputs else f"no: {base.problem}" for one, base in zip(found, newest)]
            rows.append(f"| {' '.join(label.split())} | {' | '.join(cells)} |")
            print(rows[-1], flush=True)
    if options.write:
        head = "| runtime | default | `--portable` | with fixed sizes |\n|---|---|---|---|"
        before, rest = PAGE.read_text().split(MARKS[0])
        _, after = rest.split(MARKS[1])
        PAGE.write_text(f"{before}{MARKS[0]}\n\n" + "\n".join([head, *rows]) + f"\n\n{MARKS[1]}{after}")


if __name__ == "__main__":
    sys.exit(main())
