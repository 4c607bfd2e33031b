"""Answers requests on standard input, a line each, with what timm's network computes: for test/parity/sweep.ts.

A request is {"name", "size", "resizable"}. An answer has the output and five taps as record.py summarises them, the number of parameters, the
digest of the state dict, and the multiply-adds that PyTorch's own counter finds; or {"error"}.
"""

import json
import sys

import timm
import torch
from record import fill, image, run
from record_published import digest
from timm.layers import set_fused_attn
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def tapped(network):
    """Five layers, evenly over the depth of the network, which have a name in a checkpoint."""
    layers = [name for name, module in network.named_modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    inner = [name for name in layers[:-1] if not name.startswith(("head", "fc", "classifier"))]
    return [inner[len(inner) * i // 5] for i in range(5)]


def answer(request):
    # A network with position embeddings is built for a size; the others take any.
    built = {"img_size": request["size"]} if request["resizable"] else {}
    network = timm.create_model(request["name"], num_classes=1000, **built).double().eval().requires_grad_(False)
    fill(network)
    taps = tapped(network)
    # The counter counts two operations for each multiply-add.
    with FlopCounterMode(display=False) as counter:
        found = run(network, taps, image(1, request["size"]).double())
    return {
        "taps": taps,
        "values": found,
        "parameters": sum(one.numel() for one in network.parameters()),
        "state": digest(network),
        "multiplyAdds": counter.get_total_flops() // 2,
    }


def main():
    # The counter sees the two products of an attention only where they are not fused.
    set_fused_attn(False)
    for line in sys.stdin:
        try:
            found = answer(json.loads(line))
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
