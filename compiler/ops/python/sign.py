"""The sign of each element."""

from __future__ import annotations

import torch
from torch import Tensor


def sign(x: Tensor) -> Tensor:
    """As torch.sign, which gives 0 for NaN; here it stays NaN, as in ONNX."""
    return torch.where(x.isnan(), x, x.sign())
