"""Cross-entropy with class weights."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def weighted_cross_entropy(
    logits: Tensor, label: Tensor, weight: Tensor, label_smoothing: float = 0.0
) -> Tensor:
    """The terms' sum over the labels' weights; label may be B x classes, mixed."""
    loss = F.cross_entropy(logits, label, weight, label_smoothing=label_smoothing)
    if label.ndim > 1:
        loss = loss * len(label) / (label * weight).sum()
    return loss
