"""The bilinear pooling of two feature maps."""

from __future__ import annotations

from torch import Tensor

from precision import in_float32


@in_float32
def outer_product(left: Tensor, right: Tensor) -> Tensor:
    """Every channel of one times every channel of the other, averaged over space."""
    total = left.flatten(2) @ right.flatten(2).transpose(1, 2)
    return total / (left.shape[2] * left.shape[3])
