"""Exponential moving averages of the weights."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn


class Teacher(NamedTuple):
    """A part of the model whose weights are moving averages of another part's."""

    path: str
    of: str
    decay: float

    def contains(self, name: str) -> bool:
        return name.startswith(f"{self.path}.")


@torch.no_grad()
def update_teachers(model: nn.Module, teachers: list[Teacher]) -> None:
    """Moves the weights and running statistics of the teachers after a step."""
    state = model.state_dict()
    for teacher in teachers:
        for name, value in state.items():
            if teacher.contains(name) and value.is_floating_point():
                current = state[teacher.of + name[len(teacher.path) :]]
                value.mul_(teacher.decay).add_(current, alpha=1 - teacher.decay)


class WeightAverage:
    """An exponential moving average of the weights and the running statistics."""

    def __init__(
        self, model: nn.Module, copy: nn.Module, decay: float, warm_up: bool
    ) -> None:
        """`copy` is a second model of the same class."""
        self.decay = decay
        self.warm_up = warm_up
        self.model = copy.to(next(model.parameters()).device)
        self.model.load_state_dict(model.state_dict())

    @torch.no_grad()
    def update(self, trained: nn.Module, step: int) -> None:
        """Adds the current weights. `step` counts the optimizer steps, from 1."""
        decay = (
            min(self.decay, (1 + step) / (10 + step)) if self.warm_up else self.decay
        )
        current = trained.state_dict()
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                value.mul_(decay).add_(current[name], alpha=1 - decay)
