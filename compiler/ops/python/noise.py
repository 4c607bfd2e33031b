"""Tensors of random numbers, which are at their mean in inference."""

from __future__ import annotations

import torch
from torch import Tensor


def random_uniform(like: Tensor, low: float, high: float, training: bool) -> Tensor:
    """Uniform numbers from low on and below high, in the shape of a tensor."""
    if not training:
        return torch.full_like(like, (low + high) / 2)
    return torch.empty_like(like).uniform_(low, high)


def random_normal(
    like: Tensor, mean: float, deviation: float, training: bool
) -> Tensor:
    """Normal numbers in the shape of a tensor."""
    if not training:
        return torch.full_like(like, mean)
    return torch.empty_like(like).normal_(mean, deviation)


def bernoulli(like: Tensor, probability: float, training: bool) -> Tensor:
    """Ones with a probability and zeros otherwise, in the shape of a tensor."""
    if not training:
        return torch.full_like(like, probability)
    return torch.empty_like(like).bernoulli_(probability)
