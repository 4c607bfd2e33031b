"""Answers requests on standard input, a line each, with what timm's network computes: for test/parity/sweep.ts.

A request is {"name", "size", "resizable"}. An answer has the output and five taps as record.py summarises them, the factors of the running
variances (see `scale_statistics`), how far rounding moves those values, the number of parameters, the digest of the state dict, and the
multiply-adds that PyTorch's own counter finds; or {"error"}.
"""

import json
import sys

import timm
import torch
from record import fill, image, run
from record_published import digest
from timm.layers import BlurPool2d, set_fused_attn
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def tapped(network, pixels):
    """Five layers, evenly over the depth of the network, which have a name in a checkpoint and are called: some are read for their weights alone."""
    layers = [name for name, module in network.named_modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    called = run(network, layers, pixels)
    layers = [name for name in layers if name in called]
    inner = [name for name in layers[:-1] if not name.startswith(("head", "fc", "classifier"))]
    return [inner[len(inner) * i // 5] for i in range(5)]


def count_outputs(network, modules, pixels):
    """Returns the number of output elements of each module."""
    counts = {}
    hooks = [module.register_forward_hook(lambda module, _, output: counts.update({module: output.numel()})) for module in modules]
    with torch.no_grad():
        network(pixels)
    for hook in hooks:
        hook.remove()
    return counts


def scale_statistics(network, pixels):
    """Multiplies each running variance by the variance of what the batch norm is given, and returns the factors by name.

    Otherwise features grow from block to block, and gates become steps: then rounding alone changes the output.
    """
    factors = {}

    def scale(norm, inputs, name):
        factors[f"{name}.running_var"] = float(inputs[0].var())
        norm.running_var.mul_(factors[f"{name}.running_var"])

    hooks = [
        module.register_forward_pre_hook(lambda norm, inputs, name=name: scale(norm, inputs, name))
        for name, module in network.named_modules()
        if isinstance(module, nn.BatchNorm2d)
    ]
    with torch.no_grad():
        network(pixels)
    for hook in hooks:
        hook.remove()
    return factors


def difference(expected, found):
    """The difference that formula.ts calls the distance, between two summaries."""
    away = max(abs(one - other) for one, other in zip(expected["samples"], found["samples"], strict=True))
    return max(abs(found["sum"] - expected["sum"]) / expected["absoluteSum"], away / expected["largest"])


def moved_by_rounding(network, taps, pixels, expected):
    """The largest difference in single precision, and in double with every weight moved by the rounding of single precision."""
    exact = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    runs = []
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(exact[name] * (1 + 2**-24 * torch.randn(tensor.shape, generator=generator)))
        runs.append(run(network, taps, pixels))
    network.load_state_dict(exact)
    runs.append(run(network.float(), taps, pixels.float()))
    return max(difference(values, one[tap]) for one in runs for tap, values in expected.items())


def answer(request):
    # A network with position embeddings is built for a size; the others take any.
    built = {"img_size": request["size"]} if request["resizable"] else {}
    network = timm.create_model(request["name"], num_classes=1000, **built).double().eval().requires_grad_(False)
    fill(network)
    pixels = image(1, request["size"]).double()
    factors = scale_statistics(network, pixels)
    taps = tapped(network, pixels)
    # The counter counts two operations for each multiply-add, and those of blurs: fixed filters, which we compute by poolings.
    with FlopCounterMode(display=False) as counter:
        found = run(network, taps, pixels)
    blurs = [module for module in network.modules() if isinstance(module, BlurPool2d)]
    blurred = count_outputs(network, blurs, pixels)
    operations = counter.get_total_flops() - sum(2 * blur.filt_size**2 * blurred[blur] for blur in blurs)
    return {
        "taps": taps,
        "values": found,
        "factors": factors,
        "rounding": moved_by_rounding(network, taps, pixels, found),
        "parameters": sum(one.numel() for one in network.parameters()),
        "state": digest(network),
        "multiplyAdds": operations // 2,
    }


def main():
    # The counter sees the two products of an attention only where they are not fused.
    set_fused_attn(False)
    for line in sys.stdin:
        try:
            found = answer(json.loads(line))
        # Whatever timm raises is the failure of this network; the next one is compared.
        except Exception as error:  # noqa: BLE001
            found = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
