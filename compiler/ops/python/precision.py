"""Computation in float32 under autocast.

`widen` converts the inputs of torch's own operations, such as a softmax or a matrix
product; `in_float32` decorates functions and modules.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor


def widen(x: Tensor) -> Tensor:
    """In float32 what autocast made narrower."""
    narrow = x.dtype in (torch.bfloat16, torch.float16)
    return x.float() if narrow and torch.is_autocast_enabled(x.device.type) else x


P = ParamSpec("P")
T = TypeVar("T")


def in_float32(function: Callable[P, T]) -> Callable[P, T]:
    """Under autocast the function, too, computes in float32."""
    widened: Callable[..., T] = function

    @wraps(function)
    def run(*args: Any, **options: Any) -> T:
        device = next(x.device.type for x in args if isinstance(x, Tensor))
        if not torch.is_autocast_enabled(device):
            return function(*args, **options)
        wide: list[Any] = [widen(x) if isinstance(x, Tensor) else x for x in args]
        with torch.autocast(device, enabled=False):
            return widened(*wide, **options)

    return run
