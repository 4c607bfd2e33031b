"""Compares generated backbones with torchvision's and timm's. Standard input: a list of folder, class, network, its options, library and size.

Both get random weights and statistics, which are loaded strictly from one into the other, in both directions. Standard output: the
differences of the outputs in evaluation, relative to the largest.
"""

import importlib
import json
import sys

import timm
import torch
import torchvision


def published(name, library, options):
    if library == "timm":
        return timm.create_model(name, **options)
    options = {"aux_logits": False, "init_weights": True} if name == "inception_v3" else {}
    return getattr(torchvision.models, name)(weights=None, **options)


def generated(folder, name):
    sys.path.insert(0, folder)
    # Each folder has files of the same names.
    for module in ("model", "operations"):
        sys.modules.pop(module, None)
    made = getattr(importlib.import_module("model"), name)()
    sys.path.remove(folder)
    return made.net.trunk


def disturb(network):
    """Randomizes scales and statistics, which are constant in a fresh network, so that swapped ones are detected."""
    for key, value in network.state_dict().items():
        if key.endswith("running_var") or (key.endswith("weight") and value.dim() == 1):
            value.uniform_(0.8, 1.2)
        elif key.endswith(("running_mean", "bias")):
            value.uniform_(-0.1, 0.1)


def away(ours, theirs, size):
    image = torch.rand(2, 3, size, size) * 2 - 1
    with torch.no_grad():
        found, wanted = ours.eval()(image), theirs.eval()(image)
    if found.shape != wanted.shape:
        raise ValueError(f"{tuple(found.shape)} instead of {tuple(wanted.shape)}")
    return ((found - wanted).abs().max() / wanted.abs().max()).item()


results = []
for asked in json.load(sys.stdin):
    torch.manual_seed(1)
    ours, theirs = generated(asked["folder"], asked["class"]), published(asked["name"], asked["library"], asked["options"])
    disturb(theirs)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    into = away(ours, theirs, asked["size"])
    disturb(ours)
    apart = away(ours, theirs, asked["size"])
    theirs.load_state_dict(ours.state_dict(), strict=True)
    results.append({"into": into, "apart": apart, "back": away(ours, theirs, asked["size"])})
json.dump(results, sys.stdout)
