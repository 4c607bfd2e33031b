"""Bilinear resizing with half-pixel centres."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from precision import in_float32


@in_float32
def resize(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """Feature maps at another height and width: bilinear, half-pixel centres."""
    return F.interpolate(x, size, mode="bilinear", align_corners=False)


@in_float32
def resize_map(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """A single map, [batch, height, width], at another height and width."""
    maps = x.unsqueeze(1)
    large = F.interpolate(maps, size, mode="bilinear", align_corners=False)
    return large.squeeze(1)
