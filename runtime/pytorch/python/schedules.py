"""Learning rate schedules: factors of the learning rate by the fractional epoch."""

from __future__ import annotations

import math

# Tolerance for fractional epochs that miss a boundary by rounding only.
EPSILON = 1e-9


def constant(epoch: float, _epochs: int, warm_up: float = 0) -> float:
    return _warm_up_factor(epoch, warm_up)


def staircase(
    epoch: float,
    _epochs: int,
    factor: float = 0.9,
    every: float = 2,
    warm_up: float = 0,
) -> float:
    return float(factor ** math.floor(epoch / every + EPSILON)) * _warm_up_factor(
        epoch, warm_up
    )


def step(
    epoch: float,
    _epochs: int,
    at: tuple[int, ...] = (),
    factor: float = 0.1,
    warm_up: float = 0,
) -> float:
    done = sum(epoch + EPSILON >= boundary for boundary in at)
    return float(factor**done) * _warm_up_factor(epoch, warm_up)


def cosine(epoch: float, epochs: int, floor: float = 0, warm_up: float = 0) -> float:
    """Half a period of a cosine after the warm-up, down to `floor` at the last step."""
    done = min(1.0, max(0.0, epoch - warm_up) / max(EPSILON, epochs - warm_up))
    factor = floor + (1 - floor) * (1 + math.cos(math.pi * done)) / 2
    return factor * _warm_up_factor(epoch, warm_up)


def _warm_up_factor(epoch: float, warm_up: float) -> float:
    return epoch / warm_up if epoch < warm_up else 1.0
