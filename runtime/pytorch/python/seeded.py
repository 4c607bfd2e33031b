"""Counter-based random numbers, identical to those of wsban's other engines.

A stream is determined by a 32-bit key; its value i depends only on the key and i:

    finalise(x): x ^= x >> 16; x *= 0x7feb352d; x ^= x >> 15; x *= 0x846ca68b; x ^= x >> 16
    value(key, i) = finalise(finalise(key + i * 0x9e3779b9) ^ key)
"""

from __future__ import annotations

import math
import struct
from typing import TypeVar

import torch
from torch import Tensor, nn

GOLDEN = 0x9E3779B9
MASK = 0xFFFFFFFF

Item = TypeVar("Item")


def finalise(x: int) -> int:
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & MASK
    x = ((x ^ (x >> 15)) * 0x846CA68B) & MASK
    return x ^ (x >> 16)


def key_of(*parts: str | float) -> int:
    """Derives the key of a stream from its purpose: key_of(seed, "order", epoch)."""
    value = 0x811C9DC5
    for part in parts:
        if isinstance(part, str):
            data = b"s" + part.encode() + b"\xff"
        else:
            data = b"n" + struct.pack("<d", part if part != 0 else 0.0)
        for byte in data:
            value = ((value ^ byte) * 0x01000193) & MASK
    return finalise(value)


class Random:
    """A stream of random numbers, read in order."""

    def __init__(self, key: int) -> None:
        self.key = key & MASK
        self.position = 0

    def uint32(self) -> int:
        counter = (self.key + self.position * GOLDEN) & MASK
        self.position += 1
        return finalise(finalise(counter) ^ self.key)

    def uniform(self, low: float = 0, high: float = 1) -> float:
        return low + (high - low) * ((self.uint32() >> 8) * 2.0**-24)

    def normal(self) -> float:
        a = (self.uint32() + 0.5) * 2.0**-32
        return math.sqrt(-2 * math.log(a)) * math.cos(
            2 * math.pi * self.uint32() * 2.0**-32
        )

    def integer(self, n: int) -> int:
        """An integer from 0 to n - 1."""
        return int(self.uint32() * 2.0**-32 * n)

    def shuffle(self, items: list[Item]) -> list[Item]:
        for i in range(len(items) - 1, 0, -1):
            j = self.integer(i + 1)
            items[i], items[j] = items[j], items[i]
        return items


def values_of(key: int, first: int, step: int, count: int) -> Tensor:
    """Returns the values first, first + step, ... of a stream, as int64."""
    index = torch.arange(count, dtype=torch.int64) * step + first
    return _finalised(_finalised((index * GOLDEN + key) & MASK) ^ key)


def _finalised(x: Tensor) -> Tensor:
    # A product of two 32-bit numbers may overflow 63 bits; its low 32 are right.
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & MASK
    x = ((x ^ (x >> 15)) * 0x846CA68B) & MASK
    return x ^ (x >> 16)


def uniform_tensor(key: int, count: int, low: float, high: float) -> Tensor:
    share = (values_of(key, 0, 1, count) >> 8).double() * 2.0**-24
    return (low + (high - low) * share).float()


def normal_tensor(key: int, count: int, deviation: float) -> Tensor:
    a = (values_of(key, 0, 2, count).double() + 0.5) * 2.0**-32
    b = values_of(key, 1, 2, count).double() * 2.0**-32
    return (deviation * (a.log() * -2).sqrt() * (b * (2 * math.pi)).cos()).float()


@torch.no_grad()
def initialize(model: nn.Module, seed: int) -> None:
    """Initializes the weights, each from the seed and its name.

    Convolutions: normal, variance 2 / fan in (He et al. 2015). Linear: uniform within
    1 / sqrt(fan in). Other modules keep their default initialization.
    """
    for path, module in model.named_modules():
        own = dict(module.named_parameters(recurse=False))
        for name, parameter in own.items():
            key = key_of(seed, "initial weights", f"{path}.{name}" if path else name)
            fan_in = own["weight"][0].numel()
            if isinstance(module, nn.Linear):
                bound = 1 / math.sqrt(fan_in)
                values = uniform_tensor(key, parameter.numel(), -bound, bound)
            elif isinstance(module, nn.Conv2d):
                values = (
                    torch.zeros(parameter.numel())
                    if name == "bias"
                    else normal_tensor(key, parameter.numel(), math.sqrt(2 / fan_in))
                )
            else:
                continue
            parameter.copy_(values.view_as(parameter))
