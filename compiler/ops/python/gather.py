"""Values along one axis by their indices."""

from __future__ import annotations

import torch


def gather(x: torch.Tensor, index: torch.Tensor, axis: int) -> torch.Tensor:
    """The axis is replaced by the axes of `index`, [1, ...], whose values are limited to it and rounded down."""
    whole = index.detach().clamp(0, x.shape[axis] - 1).long()
    chosen = x.index_select(axis, whole.flatten())
    return chosen.reshape(*x.shape[:axis], *whole.shape[1:], *x.shape[axis + 1 :])
