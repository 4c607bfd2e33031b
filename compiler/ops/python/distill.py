"""Distillation: cross-entropy with a teacher's softened probabilities."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from precision import in_float32


@in_float32
def distill(student: Tensor, teacher: Tensor, temperature: float = 10) -> Tensor:
    """The student's cross-entropy with the teacher's softened answer."""
    target = F.softmax(teacher / temperature, 1)
    return -(target * F.log_softmax(student / temperature, 1)).sum(1).mean()
