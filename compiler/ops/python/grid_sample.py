"""Sampling at given places."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from precision import in_float32


@in_float32
def grid_sample(x: Tensor, grid: Tensor, padding_mode: str = "border") -> Tensor:
    """Samples the maps at the places [batch, 2, h, w], fractions of width and height."""
    places = grid.permute(0, 2, 3, 1) * 2 - 1
    return F.grid_sample(
        x, places.to(x.dtype), padding_mode=padding_mode, align_corners=False
    )
