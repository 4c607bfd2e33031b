"""Writes checkpoints, and what timm computes with them from photos, for test/parity/photos.ts.

    python test/parity/photos.py PHOTOS FOLDER NAME...

writes for each architecture FOLDER/NAME.safetensors, with timm's names, weights by record.py's formula and the statistics of the photos in
its batch norms, and FOLDER/NAME.json: timm's preprocessing, and for each photo its path, timm's logits in double precision, the file with
timm's own preprocessed pixels, and the logits after a preprocessing like wsban's: bilinear, to a square.
"""

import json
import sys
from pathlib import Path

import timm
import torch
from PIL import Image
from record import fill
from safetensors.torch import save_file
from timm.data import create_transform, resolve_model_data_config
from torch import nn

CLASSES = 17
PHOTOS = 5


def write(name, photos, folder):
    network = timm.create_model(name, num_classes=CLASSES).eval().requires_grad_(False)
    fill(network)
    config = resolve_model_data_config(network)
    transform = create_transform(**config, is_training=False)
    squash = create_transform(**config | {"interpolation": "bilinear", "crop_mode": "squash"}, is_training=False)
    pixels = [transform(Image.open(photo).convert("RGB")) for photo in photos]
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    network.train()(torch.stack(pixels))
    network.double().eval()
    save_file({key: tensor.float().contiguous() for key, tensor in network.state_dict().items()}, folder / f"{name}.safetensors")
    answers = []
    for index, (photo, values) in enumerate(zip(photos, pixels, strict=True)):
        values.numpy().tofile(folder / f"{name}-{index}.bin")
        logits = network(values[None].double())[0].tolist()
        squashed = network(squash(Image.open(photo).convert("RGB"))[None].double())[0].tolist()
        answers.append({"photo": str(photo), "pixels": f"{name}-{index}.bin", "logits": logits, "squashed": squashed})
    written = {
        "size": config["input_size"][-1],
        "crop": config["crop_pct"],
        "interpolation": config["interpolation"],
        "mean": config["mean"],
        "deviation": config["std"],
        "answers": answers,
    }
    (folder / f"{name}.json").write_text(json.dumps(written))


def main():
    found = sorted(Path(sys.argv[1]).rglob("*.jpg"))
    photos = [found[len(found) * index // PHOTOS] for index in range(PHOTOS)]
    for name in sys.argv[3:]:
        write(name, photos, Path(sys.argv[2]))


if __name__ == "__main__":
    main()
