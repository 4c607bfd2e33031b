"""Colors of images, float32 [3, height, width], 0 to 255."""

from __future__ import annotations

import torch
from torch import Tensor

# Luma of sRGB values, ITU-R BT.601.
LUMA = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)


def blend(image: Tensor, other: Tensor, factor: float) -> Tensor:
    """Multiplies the distance of an image from another one; 1 leaves it."""
    return (image * factor + (1 - factor) * other).clamp(0, 255)


def change_contrast(image: Tensor, factor: float) -> Tensor:
    """Multiplies the distance of every value from the mean luma."""
    return blend(image, (image * LUMA).sum(0).mean(), factor)


def change_saturation(image: Tensor, factor: float) -> Tensor:
    """Multiplies the distance of every pixel from its own grey."""
    return blend(image, (image * LUMA).sum(0, keepdim=True), factor)
