"""Records which of timm's published networks the families in models/backbones can build, for `backbone(image, "NAME")`.

    python test/parity/record_published.py RESULTS.csv BENCHMARK.csv

writes models/published.json from timm's own registry: the arguments that timm builds each network with, translated to those of our
blocks, and size, normalisation, interpolation, crop and licence of each published set of weights. RESULTS.csv and BENCHMARK.csv are
`results-imagenet.csv` and a `benchmark-infer` file of timm's repository: ImageNet accuracy and multiply-adds. A network with an
argument that its family does not know is left out. test/parity/recorded/published_states.json gets a digest of each state dict.
"""

import csv
import hashlib
import importlib
import json
import sys
from pathlib import Path

import timm
import torch
from published_families import FAMILIES
from timm.models import _registry

OUTPUT = Path(__file__).parents[2] / "models" / "published.json"
STATES = Path(__file__).parent / "recorded" / "published_states.json"

# The compiler refuses larger models.
MOST_PARAMETERS = 2**31 - 1

# Buffers that are computed anew, and constants that checkpoints of some versions hold.
NOT_STORED = ("relative_position_index", "attn_mask")


class Captured(Exception):
    """Ends the construction of a network when its arguments are known."""


def arguments_of(architecture):
    """Returns the module that defines the network, and what timm passes to its class."""
    name = _registry._model_to_module[architecture]
    module = importlib.import_module(f"timm.models.{name}")
    build = module.build_model_with_cfg
    captured = {}

    def capture(model_class, variant, pretrained, **arguments):
        captured.update(arguments)
        raise Captured

    module.build_model_with_cfg = capture
    try:
        timm.create_model(architecture)
    except Captured:
        pass
    finally:
        module.build_model_with_cfg = build
    return name, captured


def build(architecture):
    with torch.device("meta"):
        # Some are published without a classifier.
        return timm.create_model(architecture, num_classes=1000)


def digest(network):
    """Of the names and shapes in the state dict: what a checkpoint must fit."""
    lines = [
        f"{name} {'x'.join(map(str, tensor.shape))}"
        for name, tensor in network.state_dict().items()
        if not name.endswith(("num_batches_tracked", *NOT_STORED))
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


def architecture_entry(architecture, macs):
    """Returns the entry and the digest of the state dict, or None for a network that no family can build or that is too large."""
    module, arguments = arguments_of(architecture)
    if module not in FAMILIES:
        return None
    network = build(architecture)
    translated = FAMILIES[module](arguments, network)
    if not translated:
        return None
    name, block, own = translated
    parameters = sum(one.numel() for one in network.parameters())
    if parameters > MOST_PARAMETERS:
        return None
    entry = {"family": name, "block": block, "arguments": own, "parameters": parameters}
    return entry | ({"billionMultiplyAdds": macs[architecture]} if architecture in macs else {}), digest(network)


def weights_entry(config, accuracy):
    size = config.input_size[-1]
    entry = {
        "size": size,
        "normalization": {"mean": list(config.mean), "deviation": list(config.std)},
        "interpolation": config.interpolation,
        "crop": config.crop_pct,
        "license": config.license or "unknown",
    }
    top1 = accuracy.get((f"{config.architecture}.{config.tag}", size))
    return entry | ({"top1": top1} if top1 is not None else {})


def number(text):
    return float(text.replace(",", ""))


def main():
    with open(sys.argv[1], newline="") as file:
        accuracy = {(row["model"], int(row["img_size"])): number(row["top1"]) for row in csv.DictReader(file)}
    with open(sys.argv[2], newline="") as file:
        macs = {}
        for row in csv.DictReader(file):
            size = timm.get_pretrained_cfg(row["model"])
            if row["infer_gmacs"] and size and size.input_size[-1] == int(row["infer_img_size"]):
                macs.setdefault(row["model"].split(".")[0], number(row["infer_gmacs"]))
    architectures, weights, standard, states = {}, {}, {}, {}
    for architecture in timm.list_models():
        described = architecture_entry(architecture, macs)
        if not described:
            continue
        entry, state = described
        tagged = [name for name in timm.list_pretrained(architecture) if name.split(".")[0] == architecture]
        usable = [name for name in tagged if timm.get_pretrained_cfg(name).hf_hub_id]
        if not usable:
            continue
        architectures[architecture] = entry
        size = timm.get_pretrained_cfg(architecture).input_size[-1]
        states[architecture] = {"size": size, "state": state}
        for name in usable:
            weights[name] = weights_entry(timm.get_pretrained_cfg(name), accuracy)
        default = f"{architecture}.{timm.get_pretrained_cfg(architecture).tag}"
        standard[architecture] = default if default in weights else usable[0]
    STATES.write_text("{\n" + ",\n".join(f'  "{name}": {json.dumps(one)}' for name, one in states.items()) + "\n}\n")
    write({"timm": timm.__version__, "architectures": architectures, "weights": weights, "standard": standard})
    print(len(architectures), "architectures,", len(weights), "sets of weights")


def write(table):
    """One line an entry, so that a new version of timm shows as a readable difference."""
    parts = []
    for key, value in table.items():
        if not isinstance(value, dict):
            parts.append(f'  "{key}": {json.dumps(value)}')
            continue
        lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(value.items()))
        parts.append(f'  "{key}": {{\n{lines}\n  }}')
    OUTPUT.write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main()
