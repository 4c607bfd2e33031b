"""Trilinear attention."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from precision import in_float32


@in_float32
def trilinear_attention(x: Tensor, scale: float = 7) -> Tensor:
    """Each map a mixture of the channels that look at the same things."""
    rows = x.flatten(2)
    relation = F.softmax(rows * scale, 2) @ rows.transpose(1, 2)
    return (F.softmax(relation, 2) @ rows).view_as(x)
