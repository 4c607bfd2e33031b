"""Scales the values of each image to length 1."""

from __future__ import annotations

from torch import Tensor

from precision import in_float32


@in_float32
def l2_normalize(
    x: Tensor, eps: float = 1e-12, axes: int | tuple[int, ...] | None = None
) -> Tensor:
    """Scales all values of an image to length 1, or those along axes."""
    over = tuple(range(1, x.dim())) if axes is None else axes
    squares = x.square().sum(over, keepdim=True)
    return x / squares.clamp(min=eps).sqrt()
