"""Scales the values of each image to length 1."""

from __future__ import annotations

from torch import Tensor

from precision import in_float32


@in_float32
def l2_normalize(x: Tensor, eps: float = 1e-12) -> Tensor:
    """Scales each image's values to length 1, all of them together."""
    squares = x.square().sum(tuple(range(1, x.dim())), keepdim=True)
    return x / squares.clamp(min=eps).sqrt()
