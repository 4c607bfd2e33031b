"""The class activation map of the most probable class."""

from __future__ import annotations

import torch
from torch import Tensor

from precision import in_float32


@in_float32
def class_activation_map(maps: Tensor, logits: Tensor) -> Tensor:
    """The map of the class with the largest logit, the first of equal ones."""
    return maps[torch.arange(maps.shape[0], device=maps.device), logits.argmax(1)]
