"""Tensors of fixed numbers that all images share."""

from __future__ import annotations

import torch
from torch import Tensor


def constant(like: Tensor, values: tuple[float, ...], shape: tuple[int, ...]) -> Tensor:
    """The numbers as [1, *shape], with the device and type of a tensor."""
    return torch.tensor(values, dtype=like.dtype, device=like.device).reshape(1, *shape)


def eye(like: Tensor, size: int) -> Tensor:
    """An identity matrix [1, size, size], likewise."""
    return torch.eye(size, dtype=like.dtype, device=like.device)[None]
