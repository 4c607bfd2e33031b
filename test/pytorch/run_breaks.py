"""Counts where torch.compile cuts a generated model.py's graph. Arguments: its folder, the class, its size; prints JSON."""

import json
import sys

import torch

folder, name, size = sys.argv[1:]
sys.path.insert(0, folder)
import model as generated  # noqa: E402

torch.manual_seed(1)
model = getattr(generated, name)()
images, labels = torch.rand(2, 3, int(size), int(size)), torch.tensor([0, 1])


def breaks(training, *given):
    torch._dynamo.reset()
    found = torch._dynamo.explain(model.train(training))(*given)
    return [reason.reason for reason in found.break_reasons] + ["graphs"] * (found.graph_count - 1)


json.dump({"training": breaks(True, images, labels), "evaluation": breaks(False, images)}, sys.stdout)
