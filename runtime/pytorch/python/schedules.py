"""What the learning rate is multiplied by; epochs count in fractions from 0."""

from __future__ import annotations

import math

# A border that fractions of epochs reach only but for rounding counts as reached.
ALMOST = 1e-9


def constant(epoch: float, _epochs: int, warm_up: float = 0) -> float:
    return _rising(epoch, warm_up)


def staircase(
    epoch: float,
    _epochs: int,
    factor: float = 0.9,
    every: float = 2,
    warm_up: float = 0,
) -> float:
    return float(factor ** math.floor(epoch / every + ALMOST)) * _rising(epoch, warm_up)


def step(
    epoch: float,
    _epochs: int,
    at: tuple[int, ...] = (),
    factor: float = 0.1,
    warm_up: float = 0,
) -> float:
    done = sum(epoch + ALMOST >= border for border in at)
    return float(factor**done) * _rising(epoch, warm_up)


def cosine(epoch: float, epochs: int, floor: float = 0, warm_up: float = 0) -> float:
    """Along half a cosine, after the warm-up, to `floor` at the last step."""
    done = min(1.0, max(0.0, epoch - warm_up) / max(ALMOST, epochs - warm_up))
    share = floor + (1 - floor) * (1 + math.cos(math.pi * done)) / 2
    return share * _rising(epoch, warm_up)


def _rising(epoch: float, warm_up: float) -> float:
    return epoch / warm_up if epoch < warm_up else 1.0
