"""Indices of the largest values."""

from __future__ import annotations

import torch
from torch import Tensor


def argmax(x: Tensor, axis: int) -> Tensor:
    """The index of the largest value along the axis, in float32 or wider."""
    dtype = torch.promote_types(x.dtype, torch.float32)
    return x.detach().argmax(axis).to(dtype)
