"""Tensors of random numbers, which are at their mean in inference."""

from __future__ import annotations

import torch
from torch import Tensor


def shaped(like: Tensor, mean: float) -> Tensor:
    """The mean in the shape of a tensor, in float32 or wider."""
    dtype = torch.promote_types(like.dtype, torch.float32)
    return torch.full_like(like, mean, dtype=dtype, requires_grad=False)


def random_uniform(like: Tensor, low: float, high: float, training: bool) -> Tensor:
    """Uniform numbers from low on and below high, in the shape of a tensor."""
    numbers = shaped(like, (low + high) / 2)
    return numbers.uniform_(low, high) if training else numbers


def random_normal(
    like: Tensor, mean: float, deviation: float, training: bool
) -> Tensor:
    """Normal numbers in the shape of a tensor."""
    numbers = shaped(like, mean)
    return numbers.normal_(mean, deviation) if training else numbers


def bernoulli(like: Tensor, probability: float, training: bool) -> Tensor:
    """Ones with a probability and zeros otherwise, in the shape of a tensor."""
    numbers = shaped(like, probability)
    return numbers.bernoulli_(probability) if training else numbers
