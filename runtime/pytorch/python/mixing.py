"""Mixup and CutMix: images of a batch are mixed with each other, and their labels."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor

from seeded import Random


def mix_batch(
    images: Tensor,
    labels: Tensor,
    classes: int,
    methods: list[tuple[str, float]],
    random: Random,
) -> tuple[Tensor, Tensor]:
    """Mixes a batch by a random one of the methods (name, alpha).

    The mixing weight is drawn from Beta(alpha, alpha). Returns the images, B x 3 x
    size x size, and soft labels, B x classes.
    """
    name, alpha = methods[random.integer(len(methods))]
    weight = _beta(alpha, random)
    order = random.shuffle(list(range(len(labels))))
    if name == "mixup":
        # Zhang et al. 2017, equation 1.
        images = weight * images + (1 - weight) * images[order]
    else:
        images, weight = _cutmix(images, order, weight, random)
    own, other = F.one_hot(labels, classes), F.one_hot(labels[order], classes)
    return images, weight * own + (1 - weight) * other


def _cutmix(
    images: Tensor, order: list[int], weight: float, random: Random
) -> tuple[Tensor, float]:
    """CutMix (Yun et al. 2019, section 3.1) with the same rectangle for all images."""
    size = images.shape[-1]
    half = size * math.sqrt(1 - weight) / 2
    x, y = random.integer(size), random.integer(size)
    left, right, top, bottom = (
        min(size, max(0, math.floor(edge + 0.5)))
        for edge in (x - half, x + half, y - half, y + half)
    )
    mixed = images.clone()
    mixed[:, :, top:bottom, left:right] = images[order][:, :, top:bottom, left:right]
    return mixed, 1 - (right - left) * (bottom - top) / (size * size)


def _beta(alpha: float, random: Random) -> float:
    a, b = _gamma(alpha, random), _gamma(alpha, random)
    return a / (a + b) if a + b > 0 else float(random.integer(2))


def _gamma(shape: float, random: Random) -> float:
    """Marsaglia and Tsang 2000; their section 6 for shapes below 1."""
    if shape < 1:
        return float(_gamma(shape + 1, random) * (1 - random.uniform()) ** (1 / shape))
    d = shape - 1 / 3
    c = 1 / math.sqrt(9 * d)
    while True:
        x = random.normal()
        v = (1 + c * x) ** 3
        if v > 0 and math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * (
            math.log(v)
        ):
            return d * v
