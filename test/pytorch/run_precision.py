"""Evaluates the PyTorch code of operations under autocast. Standard input as for run_cases.py.

Prints for each case the difference from float32 without autocast, and the output types: for float32 inputs, and for bfloat16 inputs
(compared with the same numbers in float32). Differences are relative to the largest value, or absolute below 1.
"""

import json
import sys
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import nn

request = json.load(sys.stdin)
names = {}
exec(compile(request["operations"], "operations.py", "exec"), names)
names |= {"torch": torch, "F": F, "nn": nn}


def tensor_of(value, label=False):
    kind = torch.int64 if label else torch.float32
    return torch.tensor([0.0 if number is None else number for number in value["data"]], dtype=kind).reshape(value["shape"])


def key_of(role):
    # A parameter without a role is named by its call alone.
    return f"call.{role}" if role else "call"


def run(case, kind, low):
    """Returns the outputs and the state of the module afterwards."""
    torch.manual_seed(1)
    inputs = [tensor_of(one["value"], one["label"]) for one in case["inputs"]]
    given = [one.to(kind) if one.is_floating_point() else one for one in inputs]
    if not low:
        given = [one.float() if one.is_floating_point() else one for one in given]
    around = torch.nn.Module()
    around.call = eval(case["module"], names) if case["module"] else None
    around.train(case["training"])
    around.load_state_dict({key_of(role): tensor_of(value) for role, value in case["parameters"].items()}, strict=True)
    scope = {"inputs": given, "self": SimpleNamespace(training=case["training"], call=around.call)}
    with torch.autocast("cpu", torch.bfloat16, enabled=low):
        result = eval(case["expression"], names | scope)
    outputs = list(result) if isinstance(result, tuple) else [result]
    return outputs, list(around.state_dict().values())


def compare(case, kind):
    (expected, state), (found, state_found) = run(case, kind, False), run(case, kind, True)
    apart = [
        ((a.double() - b.double()).abs().max() / b.double().abs().max().clamp(min=1)).item()
        for a, b in zip(found + state_found, expected + state, strict=True)
    ]
    return {"apart": max(apart), "types": [str(one.dtype) for one in found]}


json.dump(
    [{"wide": compare(case, torch.float32), "narrow": compare(case, torch.bfloat16)} for case in request["cases"]],
    sys.stdout,
)
