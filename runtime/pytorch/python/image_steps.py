"""Preprocessing and augmentation of images, float32 [3, height, width].

Values are 0 to 255 until `normalize`. Random steps draw from `random`, so the same
stream gives the same image.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from colors import change_contrast, change_saturation
from rand_augment_transforms import MOST_MAGNITUDE, TRANSFORMS
from seeded import Random


def resize(image: Tensor, size: int, interpolation: str = "bilinear") -> Tensor:
    resized = F.interpolate(
        image[None],
        (size, size),
        mode=interpolation,
        antialias=True,
        align_corners=False,
    )[0]
    # A cubic filter overshoots at edges.
    return resized.clamp(0, 255) if interpolation == "bicubic" else resized


def center_crop(image: Tensor, size: int) -> Tensor:
    height, width = _require_size("center_crop", image, size)
    top, left = (height - size) >> 1, (width - size) >> 1
    return image[:, top : top + size, left : left + size]


def random_crop(image: Tensor, random: Random, size: int) -> Tensor:
    height, width = _require_size("random_crop", image, size)
    left = random.integer(width - size + 1)
    top = random.integer(height - size + 1)
    return image[:, top : top + size, left : left + size]


def random_resized_crop(
    image: Tensor,
    random: Random,
    size: int,
    scale_min: float = 0.08,
    scale_max: float = 1,
    ratio_min: float = 3 / 4,
    ratio_max: float = 4 / 3,
    interpolation: str = "bilinear",
) -> Tensor:
    """Crops a rectangle of random area, ratio and position, and resizes it to a square."""
    shape = (scale_min, scale_max, ratio_min, ratio_max)
    rectangle = _random_rectangle(image, random, shape) or _centered_rectangle(
        image, ratio_min, ratio_max
    )
    left, top, width, height = rectangle
    part = image[:, top : top + height, left : left + width]
    return resize(part, size, interpolation)


def flip(
    image: Tensor,
    random: Random,
    direction: str = "horizontal",
    probability: float = 0.5,
) -> Tensor:
    if random.uniform() >= probability:
        return image
    return image.flip(2 if direction == "horizontal" else 1)


def rotate(image: Tensor, random: Random, degrees: float) -> Tensor:
    """Rotates about the center; pixels from outside the image repeat its edge."""
    angle = math.radians(random.uniform(-degrees, degrees))
    height, width = image.shape[1:]
    # In double precision, as rounding to the other side of a pixel is visible.
    dy = torch.arange(height, dtype=torch.float64)[:, None] - (height - 1) / 2
    dx = torch.arange(width, dtype=torch.float64)[None] - (width - 1) / 2
    x = (width - 1) / 2 + math.cos(angle) * dx + math.sin(angle) * dy
    y = (height - 1) / 2 - math.sin(angle) * dx + math.cos(angle) * dy
    x, y = x.clamp(0, width - 1), y.clamp(0, height - 1)
    x0, y0 = x.floor().long(), y.floor().long()
    x1, y1 = (x0 + 1).clamp(max=width - 1), (y0 + 1).clamp(max=height - 1)
    fx, fy = (x - x0).float(), (y - y0).float()
    upper = image[:, y0, x0] * (1 - fx) + image[:, y0, x1] * fx
    lower = image[:, y1, x0] * (1 - fx) + image[:, y1, x1] * fx
    return upper * (1 - fy) + lower * fy


def brightness(image: Tensor, random: Random, amount: float) -> Tensor:
    """Adds a random fraction of the full brightness to every value."""
    return (image + random.uniform(-amount, amount) * 255).clamp(0, 255)


def contrast(image: Tensor, random: Random, low: float, high: float) -> Tensor:
    return change_contrast(image, random.uniform(low, high))


def saturation(image: Tensor, random: Random, low: float, high: float) -> Tensor:
    return change_saturation(image, random.uniform(low, high))


def hue(image: Tensor, random: Random, amount: float) -> Tensor:
    """Rotates all hues by a random fraction of the color wheel."""
    shift = random.uniform(-amount, amount)
    red, green, blue = image
    value = image.amax(0)
    chroma = value - image.amin(0)
    divisor = torch.where(chroma == 0, torch.ones_like(chroma), chroma)
    # In sixths of the color wheel: red at 0, green at 2, blue at 4.
    angle = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(
            value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor
        ),
    )
    angle = angle + 6 * shift

    def attenuation(difference: Tensor) -> Tensor:
        distance = (difference - 6 * (difference / 6).round()).abs()
        return (distance - 1).clamp(0, 1)

    return torch.stack([value - chroma * attenuation(angle - at) for at in (0, 2, 4)])


def erasing(
    image: Tensor,
    random: Random,
    probability: float = 0.5,
    scale_min: float = 0.02,
    scale_max: float = 0.33,
    ratio_min: float = 0.3,
    ratio_max: float = 3.3,
    fill: float = 0.5,
) -> Tensor:
    """Fills a random rectangle with grey, with a probability (Zhong et al. 2017)."""
    if random.uniform() >= probability:
        return image
    shape = (scale_min, scale_max, ratio_min, ratio_max)
    rectangle = _random_rectangle(image, random, shape)
    if rectangle is None:
        return image
    left, top, width, height = rectangle
    image = image.clone()
    image[:, top : top + height, left : left + width] = fill * 255
    return image


def rand_augment(
    image: Tensor,
    random: Random,
    count: int = 2,
    magnitude: float = 9,
    fill: float = 0.5,
) -> Tensor:
    """Applies `count` random transforms of one magnitude, each in a random direction."""
    for _ in range(count):
        signed, transform = TRANSFORMS[random.integer(len(TRANSFORMS))]
        direction = -1 if random.uniform() < 0.5 else 1
        strength = magnitude / MOST_MAGNITUDE * (direction if signed else 1)
        image = transform(image, strength, fill * 255)
    return image


def normalize(
    image: Tensor,
    mean: float | tuple[float, ...] = 0.5,
    deviation: float | tuple[float, ...] = 0.5,
) -> Tensor:
    """Computes (value / 255 - mean) / deviation, with one number or one per channel."""
    factor, shift = (
        1 / (255 * _channels(deviation)),
        _channels(mean) / _channels(deviation),
    )
    return (image.double() * factor - shift).float()


def _channels(value: float | tuple[float, ...]) -> Tensor:
    return torch.tensor(value, dtype=torch.float64).view(-1, 1, 1)


def _require_size(step: str, image: Tensor, size: int) -> tuple[int, int]:
    height, width = image.shape[1:]
    if height < size or width < size:
        raise ValueError(f"{step} to {size} does not fit in {width} x {height}")
    return height, width


def _random_rectangle(
    image: Tensor, random: Random, shape: tuple[float, float, float, float]
) -> tuple[int, int, int, int] | None:
    """Returns left, top, width, height; None if ten random rectangles did not fit."""
    height, width = image.shape[1:]
    scale_min, scale_max, ratio_min, ratio_max = shape
    for _ in range(10):
        area = width * height * random.uniform(scale_min, scale_max)
        ratio = math.exp(random.uniform(math.log(ratio_min), math.log(ratio_max)))
        # Rounds half up, as JavaScript does.
        w = math.floor(math.sqrt(area * ratio) + 0.5)
        h = math.floor(math.sqrt(area / ratio) + 0.5)
        if 1 <= w <= width and 1 <= h <= height:
            left = random.integer(width - w + 1)
            return left, random.integer(height - h + 1), w, h
    return None


def _centered_rectangle(
    image: Tensor, ratio_min: float, ratio_max: float
) -> tuple[int, int, int, int]:
    """Returns the largest centered rectangle of an allowed ratio."""
    height, width = image.shape[1:]
    w = max(1, min(width, math.floor(height * ratio_max + 0.5)))
    h = max(1, min(height, math.floor(width / ratio_min + 0.5)))
    return (width - w) >> 1, (height - h) >> 1, w, h
