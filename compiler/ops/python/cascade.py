"""A second prediction for the images of which the first is not confident."""

from __future__ import annotations

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
