"""Prints the settings of each parameter in a generated training program as JSON.

Reads a task as JSON from standard input.
"""

import json
import sys

task = json.load(sys.stdin)
sys.path.insert(0, task["code"])

import recipe  # noqa: E402
from parameter_groups import optimizer_groups  # noqa: E402

model = recipe.Model()
names = {parameter: name for name, parameter in model.named_parameters()}
groups = optimizer_groups(model, recipe.GROUPS, task["decay"], task["decays"])
settings = {
    names[parameter]: [group["factor"], group["weight_decay"]]
    for group in groups
    for parameter in group["params"]
}
print(json.dumps(settings))
