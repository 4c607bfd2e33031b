"""The signed square root."""

from __future__ import annotations

from torch import Tensor

from precision import in_float32


@in_float32
def signed_sqrt(x: Tensor, eps: float = 1e-12) -> Tensor:
    """The square root of the absolute value, with the sign kept."""
    return x.sign() * (x.abs() + eps).sqrt()
