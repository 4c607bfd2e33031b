"""Indices along an axis."""

from __future__ import annotations

import torch


def coordinates(x: torch.Tensor, axis: int) -> torch.Tensor:
    """[1, size of the axis]."""
    return torch.arange(x.shape[axis], dtype=torch.float32, device=x.device)[None]
