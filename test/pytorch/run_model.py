"""Runs a generated model.py. Arguments: its folder, the class, weights, and images with labels; prints the outputs as JSON."""

import json
import sys

import torch
from safetensors.torch import load_file

folder, name, weights, images = sys.argv[1:]
sys.path.insert(0, folder)
import model as generated  # noqa: E402

torch.manual_seed(1)
model = getattr(generated, name)()
fresh = {key: value.clone() for key, value in model.state_dict().items()}
generated.load_weights(model, weights)
given = load_file(images)

model.eval()
with torch.no_grad():
    answers = model(given["image"])

# A training step, to check that losses and gradients are finite and complete.
model.train()
views = {name.removeprefix("view/"): value for name, value in given.items() if name.startswith("view/")}
result = model(given["image"], given["label"].long(), **views) if "label" in given else {}
losses = {key: value for key, value in result.items() if key.startswith("loss/")}
if losses:
    sum(losses.values()).backward()

json.dump(
    {
        "keys": [key for key in fresh if not key.endswith("num_batches_tracked")],
        "fresh": {
            key: [value.double().mean().item(), value.double().std(correction=0).item()]
            for key, value in fresh.items()
        },
        "answers": {
            key: {"shape": list(value.shape), "data": value.flatten().tolist()}
            for key, value in answers.items()
        },
        "losses": {key: value.item() for key, value in losses.items()},
        "withoutGradient": [key for key, value in model.named_parameters() if value.requires_grad and value.grad is None],
        "notFinite": [
            key
            for key, value in model.named_parameters()
            if value.grad is not None and not value.grad.isfinite().all()
        ],
    },
    sys.stdout,
)
