"""Runs an exported file in other runtimes and tools, and writes the table of docs/deploy.md:

    wsban export RUN -o model.onnx
    python bench/runtimes/measure.py model.onnx PHOTO... [--only NAME...] [--write]

Each runtime is installed by pip into an environment of its own below ~/.cache/wsban/runtimes, once. The outputs for the photos, each alone and
the first ones together in a batch of three, are compared with those of the newest ONNX Runtime. --write puts the table between the marks
in docs/deploy.md. Needs Python 3.11 or newer, NumPy and Pillow.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "deploy.md"
MARKS = ("<!-- measured by bench/runtimes/measure.py -->", "<!-- end of the measured table -->")
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "wsban" / "runtimes"


@dataclass
class Runtime:
    name: str
    function: str
    packages: list[str]
    label: str
    """With `{}` in place of the version."""


NEWEST = "onnxruntime==1.32.0"
RUNTIMES = [
    Runtime("ort-1.32", "onnxruntime", [NEWEST], "ONNX Runtime {}"),
    Runtime("ort-1.20", "onnxruntime", ["onnxruntime==1.20.1"], "ONNX Runtime {}"),
    Runtime("ort-1.18", "onnxruntime", ["onnxruntime==1.18.1", "numpy<2"], "ONNX Runtime {}"),
    Runtime("ort-1.16", "onnxruntime", ["onnxruntime==1.16.3", "numpy<2"], "ONNX Runtime {}"),
    Runtime("ort-1.15", "onnxruntime", ["onnxruntime==1.15.1", "numpy<2"], "ONNX Runtime {}"),
    Runtime("openvino", "openvino", ["openvino==2026.4.0"], "OpenVINO {}"),
    Runtime("reference", "reference", ["onnx==1.23.2"], "onnx.reference {}"),
    Runtime("onnxslim", "onnxslim", ["onnxslim", NEWEST], "onnxslim {}, then ONNX Runtime"),
    Runtime("onnxsim", "onnxsim", ["onnxsim", NEWEST], "onnxsim {}, then ONNX Runtime"),
    Runtime("quantization", "quantization", ["onnx==1.23.2", "sympy", NEWEST], "`quant_pre_process(skip_symbolic_shape=True)` of ONNX Runtime {}, then ONNX Runtime"),
    Runtime("onnx2torch", "onnx2torch", ["onnx2torch", "torch"], "onnx2torch {}"),
]


def python_of(runtime: Runtime) -> Path:
    """The Python of a runtime's environment, which is made if need be."""
    folder = CACHE / runtime.name
    ready = folder / "installed.txt"
    wanted = "\n".join(runtime.packages)
    if not ready.exists() or ready.read_text() != wanted:
        venv.create(folder, with_pip=True)
        subprocess.run(
            [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *runtime.packages, "numpy"],
            check=True,
        )
        ready.write_text(wanted)
    return folder / "bin" / "python"


def pixels(path: str, longest: int) -> np.ndarray:
    """[1, height, width, 3], upright and opaque."""
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    image.thumbnail((longest, longest))
    return np.asarray(image)[None]


@dataclass
class Outcome:
    version: str
    outputs: dict[str, np.ndarray] | None
    problem: str


def probe(runtime: Runtime, model: str, images: Path, folder: Path) -> Outcome:
    out = folder / f"{runtime.name}.npz"
    try:
        python = python_of(runtime)
    except subprocess.CalledProcessError:
        return Outcome("", None, "pip cannot install it here")
    command = [str(python), str(HERE / "probe.py"), runtime.function, model, str(images), str(out)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=600, env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"})
    except subprocess.TimeoutExpired:
        return Outcome("", None, "takes longer than ten minutes")
    lines = run.stdout.strip().splitlines()
    version = lines[0] if lines else ""
    if run.returncode == 0:
        return Outcome(version, dict(np.load(out)), "")
    errors = run.stderr.strip().splitlines()
    return Outcome(version, None, errors[-1][:160] if errors else f"ends with {run.returncode}")


def row(runtime: Runtime, found: Outcome, expected: dict[str, np.ndarray]) -> str:
    label = runtime.label.replace("{}", found.version.split("-")[0].removeprefix("v")).replace("  ", " ").strip()
    if found.outputs is None:
        return f"| {label} | no: {found.problem.replace('|', '/')} | | |"
    same, boxes, largest = 0, 0, 0.0
    for key, value in expected.items():
        theirs = found.outputs[key]
        if theirs.shape != value.shape:
            return f"| {label} | no: {key.split('|')[1]} has the shape {list(theirs.shape)} | | |"
        difference = float(np.abs(theirs - value).max())
        if key.endswith("|probabilities"):
            largest = max(largest, difference)
        if key.endswith("|boxes"):
            boxes += len(value)
            same += int((np.abs(theirs - value).max(axis=1) <= 1e-6).sum())
    return f"| {label} | yes | {largest:.0e} | {same} of {boxes} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--only", nargs="+", choices=[runtime.name for runtime in RUNTIMES])
    parser.add_argument("--longest", type=int, default=500, help="photos are shrunk to this many pixels")
    parser.add_argument("--write", action="store_true", help="write the table to docs/deploy.md")
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write needs all runtimes")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = {f"photo {index}": pixels(path, options.longest) for index, path in enumerate(options.photos)}
        first = next(iter(images.values()))
        images["batch"] = np.concatenate([first, first[:, ::-1], first[:, :, ::-1]])
        np.savez(folder / "images.npz", **images)
        newest = probe(RUNTIMES[0], options.model, folder / "images.npz", folder)
        if newest.outputs is None:
            raise SystemExit(f"ONNX Runtime refuses the file: {newest.problem}")
        rows = []
        for runtime in RUNTIMES:
            if options.only and runtime.name not in options.only:
                continue
            found = newest if runtime is RUNTIMES[0] else probe(runtime, options.model, folder / "images.npz", folder)
            rows.append(row(runtime, found, newest.outputs))
            print(rows[-1], flush=True)
    if options.write:
        head = "| runtime | runs | largest difference of a probability | same boxes |\n|---|---|---|---|"
        before, rest = PAGE.read_text().split(MARKS[0])
        _, after = rest.split(MARKS[1])
        PAGE.write_text(f"{before}{MARKS[0]}\n\n" + "\n".join([head, *rows]) + f"\n\n{MARKS[1]}{after}")


if __name__ == "__main__":
    sys.exit(main())
