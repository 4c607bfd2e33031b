"""A second prediction for the images of which the first is not confident."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Cascade(NamedTuple):
    """The selected probabilities [B, classes], and 1 for each image that kept the first ones."""

    probabilities: Tensor
    early: Tensor


def cascade(first: Tensor, second: Tensor, sure: float) -> Cascade:
    """The first prediction where its largest probability is at least `sure`, and the second elsewhere."""
    early = first.amax(1) >= sure
    return Cascade(torch.where(early[:, None], first, second), early.to(first.dtype))


def cascade_skipping(
    first: Tensor, sure: float, second: Callable[..., Tensor], *inputs: Tensor
) -> Cascade:
    """The same, with `second` computed for the other images alone; it takes their part of the inputs."""
    early = first.amax(1) >= sure
    unsure = (~early).nonzero().squeeze(1)
    if unsure.numel() == 0:
        return Cascade(first, early.to(first.dtype))
    # A tensor that all images share has a batch of 1.
    parts = [x if x.shape[0] == 1 else x.index_select(0, unsure) for x in inputs]
    other = second(*parts)
    dtype = torch.promote_types(first.dtype, other.dtype)
    selected = first.to(dtype).index_copy(0, unsure, other.to(dtype))
    return Cascade(selected, early.to(first.dtype))
