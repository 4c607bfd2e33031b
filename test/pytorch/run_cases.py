"""Evaluates the PyTorch code of operations. Standard input: the text of operations.py and cases; standard output: the results.

Computes in double precision, so that rounding does not hide mistakes.
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
    kind = torch.int64 if label else torch.float64
    return torch.tensor(value["data"], dtype=kind).reshape(value["shape"])


def plain(value):
    # JSON has no NaN.
    data = [number if number == number else None for number in value.detach().double().flatten().tolist()]
    return {"shape": list(value.shape), "data": data}


def key_of(role):
    # A parameter without a role is named by its call alone.
    return f"call.{role}" if role else "call"


def run(case):
    torch.manual_seed(1)
    inputs = [tensor_of(one["value"], one["label"]) for one in case["inputs"]]
    around = torch.nn.Module()
    around.call = eval(case["module"], names) if case["module"] else None
    around.double().train(case["training"])
    around.load_state_dict({key_of(role): tensor_of(value) for role, value in case["parameters"].items()}, strict=True)
    for one, given in zip(inputs, case["inputs"], strict=True):
        one.requires_grad_(not given["label"] and case["weights"] is not None)
    scope = {"inputs": inputs, "self": SimpleNamespace(training=case["training"], call=around.call)}
    result = eval(case["expression"], names | scope)
    outputs = list(result) if isinstance(result, tuple) else [result]
    gradients = {}
    if case["weights"] is not None and outputs[0].requires_grad:
        (outputs[0] * tensor_of(case["weights"])).sum().backward()
        for index, one in enumerate(inputs):
            if one.requires_grad:
                gradients[f"input {index}"] = plain(torch.zeros_like(one) if one.grad is None else one.grad)
        for name, one in around.named_parameters():
            gradients[name.removeprefix("call").removeprefix(".")] = plain(one.grad)
    after = around.state_dict()
    return {
        "outputs": [plain(one) for one in outputs],
        "gradients": gradients,
        "parameters": {role: plain(after[key_of(role)]) for role in case["parameters"]},
    }


json.dump([run(case) for case in request["cases"]], sys.stdout)
