"""Compares a training step of a generated model.py in bfloat16 with float32. Arguments: its folder, the class, its size; prints JSON."""

import json
import sys

import torch

folder, name, size = sys.argv[1:]
sys.path.insert(0, folder)
import model as generated  # noqa: E402

# Disabled, as the dropped maps depend on the type.
torch.nn.functional.dropout2d = lambda x, *_: x

torch.manual_seed(1)
model = getattr(generated, name)()
start = {key: value.clone() for key, value in model.state_dict().items()}
images, labels = torch.rand(8, 3, int(size), int(size)) * 2 - 1, torch.arange(8) % 4


def step(low):
    torch.manual_seed(2)
    model.load_state_dict(start)
    model.train().zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=low):
        answers = model(images, labels)
    losses = {key: value for key, value in answers.items() if key.startswith("loss/")}
    sum(losses.values()).backward()
    gradient = torch.cat([one.grad.flatten() for one in model.parameters() if one.grad is not None])
    boxes = answers["boxes"]
    return {key: value.item() for key, value in losses.items()}, {str(value.dtype) for value in losses.values()}, gradient, boxes


losses, _, gradient, boxes = step(False)
low, types, low_gradient, low_boxes = step(True)
json.dump(
    {
        "apart": max(abs(low[key] - losses[key]) / max(1, abs(losses[key])) for key in losses),
        "types": sorted(types),
        "finite": bool(low_gradient.isfinite().all()),
        "cosine": torch.cosine_similarity(gradient, low_gradient, 0).item(),
        "boxes": (boxes - low_boxes).abs().max().item(),
    },
    sys.stdout,
)
