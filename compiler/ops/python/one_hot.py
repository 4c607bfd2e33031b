"""Vectors with a 1 at an index."""

from __future__ import annotations

import torch
from torch import Tensor


def one_hot(x: Tensor, classes: int) -> Tensor:
    """A new last axis, with a 1 at the index rounded down, in float32 or wider."""
    dtype = torch.promote_types(x.dtype, torch.float32)
    index = x.detach().floor()[..., None]
    return (index == torch.arange(classes, device=x.device)).to(dtype)
