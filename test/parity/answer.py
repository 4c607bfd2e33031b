"""Answers requests on standard input, a line each, with what timm's network computes: for test/parity/sweep.ts.

A request is {"name", "size"}; an answer has the output and five taps as record.py summarises them.
"""

import json
import sys

import torch
from record import fill, image, run
from torch import nn

import timm


def tapped(network):
    """Five layers, evenly over the depth of the network, which have a name in a checkpoint."""
    layers = [name for name, module in network.named_modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    inner = [name for name in layers[:-1] if not name.startswith(("head", "fc", "classifier"))]
    return [inner[len(inner) * i // 5] for i in range(5)]


def main():
    for line in sys.stdin:
        request = json.loads(line)
        network = timm.create_model(request["name"], num_classes=1000).double().eval()
        fill(network)
        taps = tapped(network)
        with torch.no_grad():
            found = run(network, taps, image(1, request["size"]).double())
        print(json.dumps({"taps": taps, "values": found}), flush=True)


if __name__ == "__main__":
    main()
