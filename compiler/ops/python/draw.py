"""Arguments that are a number, or a range to draw from for each image."""

from __future__ import annotations

from torch import Tensor


def draw(value: float | tuple[float, float], like: Tensor, training: bool) -> Tensor:
    """A number for each image: in training from the range, else the range's middle."""
    if not isinstance(value, tuple):
        return like.new_full((like.shape[0],), value)
    low, high = value
    if not training:
        return like.new_full((like.shape[0],), (low + high) / 2)
    return like.new_empty(like.shape[0]).uniform_(low, high)
