"""Normalisation by the root mean square along one axis."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from precision import widen


class RmsNorm(nn.RMSNorm):
    """As nn.RMSNorm, along any axis, and in float32 under autocast."""

    def __init__(self, features: int, axis: int = -1, eps: float = 1e-6) -> None:
        super().__init__(features, eps=eps)
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        """Normalises the values along the axis."""
        last = widen(x).movedim(self.axis, -1)
        out = F.rms_norm(last, self.normalized_shape, self.weight, self.eps)
        return out.movedim(-1, self.axis)
