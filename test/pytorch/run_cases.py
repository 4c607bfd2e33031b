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


def run(case):
    torch.manual_seed(1)
    inputs = [tensor_of(one["value"], one["label"]) for one in case["inputs"]]
    module = eval(case["module"], names) if case["module"] else None
    if module is not None:
        module = module.double().train(case["training"])
        state = {role: tensor_of(value) for role, value in case["parameters"].items()}
        module.load_state_dict(state, strict=True)
    for one, given in zip(inputs, case["inputs"], strict=True):
        one.requires_grad_(not given["label"] and case["weights"] is not None)
    scope = {"inputs": inputs, "self": SimpleNamespace(training=case["training"], call=module)}
    result = eval(case["expression"], names | scope)
    outputs = list(result) if isinstance(result, tuple) else [result]
    gradients = {}
    if case["weights"] is not None and outputs[0].requires_grad:
        (outputs[0] * tensor_of(case["weights"])).sum().backward()
        for index, one in enumerate(inputs):
            if one.requires_grad:
                gradients[f"input {index}"] = plain(torch.zeros_like(one) if one.grad is None else one.grad)
        for role, one in module.named_parameters() if module is not None else []:
            gradients[role] = plain(one.grad)
    after = module.state_dict() if module is not None else {}
    return {
        "outputs": [plain(one) for one in outputs],
        "gradients": gradients,
        "parameters": {role: plain(after[role]) for role in case["parameters"]},
    }


json.dump([run(case) for case in request["cases"]], sys.stdout)
