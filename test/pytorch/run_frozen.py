"""Prints which modules with batch statistics run as in training, and which parameters learn, in some epochs, as JSON.

Reads a task as JSON from standard input.
"""

import json
import sys

task = json.load(sys.stdin)
sys.path.insert(0, task["code"])

import recipe  # noqa: E402
from parameter_groups import freeze  # noqa: E402
from torch import nn  # noqa: E402

model = recipe.Model()


def state(epoch):
    freeze(model, recipe.GROUPS, recipe.TEACHERS, epoch)
    return {
        "training": [
            name
            for name, module in model.named_modules()
            if isinstance(module, nn.BatchNorm2d) and module.training
        ],
        "learning": [
            name for name, weight in model.named_parameters() if weight.requires_grad
        ],
    }


print(json.dumps([state(epoch) for epoch in task["epochs"]]))
