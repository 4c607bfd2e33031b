"""Group normalisation in float32."""

from __future__ import annotations

from torch import Tensor, nn

from precision import widen


class GroupNorm(nn.GroupNorm):
    """As nn.GroupNorm, which autocast leaves in half precision on CPUs."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalises the groups of each image."""
        return super().forward(widen(input))
