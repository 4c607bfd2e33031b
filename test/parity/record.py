"""Records what torchvision's and timm's networks compute, for test/parity/parity.test.ts.

    pip install -r test/parity/requirements.txt
    python test/parity/record.py [NAME...]

Every weight, and the input, comes from a formula of its name and index (see `numbers`), so that nothing has to be stored but the answers.
"""

import json
import math
import sys
from pathlib import Path

import numpy
import timm
import torch
import torchvision

HERE = Path(__file__).parent
SAMPLES = 64


def finalise(x):
    x = x.astype(numpy.uint32)
    x = (x ^ (x >> numpy.uint32(16))) * numpy.uint32(0x7FEB352D)
    x = (x ^ (x >> numpy.uint32(15))) * numpy.uint32(0x846CA68B)
    return x ^ (x >> numpy.uint32(16))


def key_of(*texts):
    state = 0x811C9DC5
    for text in texts:
        for byte in b"\x73" + text.encode() + b"\xff":
            state = ((state ^ byte) * 0x01000193) & 0xFFFFFFFF
    return finalise(numpy.array([state], numpy.uint32))[0]


def numbers(name, count):
    """`count` numbers of [0, 1): the stream called `name`, as runtime/random.ts makes it."""
    key = key_of("parity", name)
    out = numpy.empty(count, numpy.float64)
    piece = 1 << 22
    for start in range(0, count, piece):
        index = numpy.arange(start, min(count, start + piece), dtype=numpy.uint64).astype(numpy.uint32)
        value = finalise(finalise(index * numpy.uint32(0x9E3779B9) + key) ^ key)
        out[start : start + len(index)] = (value >> numpy.uint32(8)) / 2**24
    return out


def weight(name, shape):
    """Sizes that keep activations of ordinary size: He's bound for filters, near 1 for scales and variances, near 0 for the rest."""
    u = numbers(name, math.prod(shape))
    role = name.rsplit(".", 1)[-1]
    if role == "running_var" or (role == "weight" and len(shape) == 1):
        values = 0.8 + 0.4 * u
    elif role in ("bias", "running_mean"):
        values = 0.2 * u - 0.1
    else:
        values = (2 * u - 1) * math.sqrt(6 / math.prod(shape[1:]))
    return torch.from_numpy(values.astype(numpy.float32).reshape(shape))


def image(batch, size):
    values = 2 * numbers(f"image {batch} {size}", batch * 3 * size * size) - 1
    return torch.from_numpy(values.astype(numpy.float32).reshape(batch, 3, size, size))


def build(name, entry):
    if entry["library"] == "timm":
        return timm.create_model(entry.get("model", name), **entry.get("options", {}))
    options = {"aux_logits": False, "init_weights": False} if name == "inception_v3" else {}
    return getattr(torchvision.models, name)(weights=None, **options)


def summary(tensor):
    flat = tensor.detach().double().flatten()
    picked = [float(flat[len(flat) * i // SAMPLES]) for i in range(SAMPLES)]
    return {
        "shape": list(tensor.shape),
        "sum": float(flat.sum()),
        "absoluteSum": float(flat.abs().sum()),
        "largest": float(flat.abs().max()),
        "samples": [float(f"{value:.9g}") for value in picked],
    }


def run(network, taps, pixels):
    found = {}
    hooks = [
        # Some activations work in place on what they are given, so it is kept as it was.
        network.get_submodule(tap).register_forward_hook(lambda _m, _i, out, tap=tap: found.update({tap: out.detach().clone()}))
        for tap in taps
    ]
    with torch.no_grad():
        found["output"] = network(pixels)
    for hook in hooks:
        hook.remove()
    return {name: summary(tensor) for name, tensor in found.items()}


def fill(network):
    state = network.state_dict()
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            tensor.copy_(weight(name, tensor.shape))


def published(name, library):
    if library == "timm":
        return {}
    meta = torchvision.models.get_model_weights(name).DEFAULT.meta
    return {"parameters": meta["num_params"], "billionMultiplyAdds": meta["_ops"]}


def record(name, entry):
    # In double precision, so that only the rounding of the engine that is compared counts.
    network = build(name, entry).double()
    fill(network)
    result = {
        "torch": torch.__version__,
        entry["library"]: timm.__version__ if entry["library"] == "timm" else torchvision.__version__,
        "parameters": sum(p.numel() for p in network.parameters()),
        "published": published(name, entry["library"]),
        "evaluation": run(network.eval(), entry["taps"], image(1, entry["size"]).double()),
    }
    if "training" in entry:
        batch, size = entry["training"]["batch"], entry["training"]["size"]
        # Outputs behind a dropout are random, so they are left out.
        answers = run(network.train(), entry["taps"], image(batch, size).double())
        answers.pop("output")
        result["training"] = answers
        result["runningAverages"] = {
            key: [float(value.double().sum()), float(value.double().abs().sum())]
            for key, value in network.state_dict().items()
            if key.endswith(("running_mean", "running_var"))
        }
    (HERE / "recorded" / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(name, result["parameters"])


def main():
    torch.manual_seed(0)
    (HERE / "recorded").mkdir(exist_ok=True)
    networks = json.loads((HERE / "networks.json").read_text())
    for name, entry in networks.items():
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            record(name, entry)


if __name__ == "__main__":
    main()
