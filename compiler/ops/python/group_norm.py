"""Group normalisation in float32."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from precision import widen


class GroupNorm(nn.GroupNorm):
    """As nn.GroupNorm, which autocast leaves in half precision on CPUs, and which refuses groups of one value."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalises the groups of each image."""
        x = widen(input)
        return torch.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)
