"""Exports generated models by torch.onnx.export. Arguments: folders of generated code; each gets model.onnx.

Each folder has export.json, with the name of the class and the shape of an image. Writes images.f32, a batch of three, and the model's own
outputs for it as NUMBER.f32, whose names and shapes are in what is printed: a line of JSON for each folder, in order.
"""

import contextlib
import importlib
import io
import json
import sys
from pathlib import Path

import torch

IMAGES = 3


def imported(folder):
    """The generated module of a folder, without those of the one before."""
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(sys.path[0]):
            del sys.modules[name]
    sys.path[0] = str(folder)
    importlib.invalidate_caches()
    return importlib.import_module("model")


def exported(folder):
    chosen = json.loads((folder / "export.json").read_text())
    torch.manual_seed(1)
    model = getattr(imported(folder), chosen["name"])().eval()
    images = torch.randn(IMAGES, *chosen["shape"])
    # Another batch than that of the comparison.
    program = torch.onnx.export(
        model,
        (torch.randn(2, *chosen["shape"]),),
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        verbose=False,
    )
    program.save(folder / "model.onnx")
    images.numpy().tofile(folder / "images.f32")
    with torch.no_grad():
        outputs = model(images)
    for number, value in enumerate(outputs.values()):
        value.float().contiguous().numpy().tofile(folder / f"{number}.f32")
    return {"outputs": [[name, list(value.shape)] for name, value in outputs.items()]}


sys.path.insert(0, sys.argv[1])
for place in map(Path, sys.argv[1:]):
    # The exporter prints its progress on standard output.
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            found = exported(place.resolve())
        except Exception as error:  # noqa: BLE001
            found = {"error": str(error)[-2000:]}
    print(json.dumps(found), flush=True)
