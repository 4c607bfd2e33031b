"""Runs generated models on a simulated CUDA device: torch's fake tensors have a device and a shape, but no values.

Standard input: [folder, class, [channels, height, width], labels] of each model; labels are 0 for a class, or how many numbers
there are, and null for a model without losses. Prints a JSON object of errors by class,
such as operands on different devices. The backward pass is not run, as autograd requires a real device.
"""

import importlib
import json
import sys

import torch
from torch._subclasses.fake_tensor import FakeTensorMode


def run(folder, name, shape, sizes):
    sys.path.insert(0, folder)
    for module in ("model", "operations"):
        sys.modules.pop(module, None)
    generated, operations = importlib.import_module("model"), importlib.import_module("operations")
    sys.path.remove(folder)
    with FakeTensorMode():
        with torch.device("cuda"):
            model = getattr(generated, name)()
            images = torch.rand(3, *shape)
            labels = [torch.zeros(3, size) if size else torch.zeros(3, dtype=torch.int64) for size in sizes or []]
        for low in (None, torch.bfloat16, torch.float16):
            with torch.autocast("cuda", low, enabled=low is not None):
                found = dict(model.train()(images, *labels))
                with torch.no_grad():
                    found |= {f"evaluated {key}": value for key, value in model.eval()(images).items()}
            elsewhere = [key for key, value in found.items() if value.device.type != "cuda"]
            if elsewhere:
                return f"not on the card: {elsewhere}"
        # Fake tensors used the custom op's shape function above; this runs its implementation.
        if hasattr(operations, "largest_component"):
            kept = torch.ones(3, 28, 30, dtype=torch.bool, device="cuda")
            if operations.largest_component._init_fn(kept).device.type != "cuda":
                return "the component is not on the card"
    return None


refused = {}
for folder, name, shape, sizes in json.load(sys.stdin):
    try:
        reason = run(folder, name, shape, sizes)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    if reason:
        refused[name] = reason
json.dump(refused, sys.stdout)
