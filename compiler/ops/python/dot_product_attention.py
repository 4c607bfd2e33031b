"""Scaled dot-product attention in several heads."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def dot_product_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    heads: int = 1,
    scale: float | None = None,
    bias: Tensor | None = None,
) -> Tensor:
    """Divides the features of tokens among the heads, and joins what these return."""

    def split(x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:-1], heads, -1).transpose(-3, -2)

    out = F.scaled_dot_product_attention(
        split(q), split(k), split(v), attn_mask=bias, scale=scale
    )
    return out.transpose(-3, -2).flatten(-2)
