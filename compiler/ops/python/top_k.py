"""Largest values along an axis."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class TopK(NamedTuple):
    """The largest values in descending order, and their indices."""

    values: Tensor
    indices: Tensor


def top_k(x: Tensor, k: int, axis: int) -> TopK:
    """Of equal values the first ones are taken, which torch.topk does not promise.

    ONNX's TopK does, and its exporter knows no stable sort.
    """
    dtype = torch.promote_types(x.dtype, torch.float32)
    if torch.compiler.is_exporting():
        largest = torch.topk(x.to(dtype), k, axis)
        return TopK(largest.values, largest.indices.to(dtype))
    ranked = torch.sort(x.to(dtype), dim=axis, descending=True, stable=True)
    indices = ranked.indices.narrow(axis, 0, k).to(dtype)
    return TopK(ranked.values.narrow(axis, 0, k), indices)
