"""The transforms of RandAugment (Cubuk et al. 2020), with the ranges of torchvision's.

Images are float32 [3, height, width], 0 to 255. A transform takes an image, its strength
as a fraction of the greatest (from -1 to 1 if it has a direction), and the value of what
comes into view from outside the image. Geometric transforms take the nearest pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from colors import blend, change_contrast, change_saturation

Transform = Callable[[Tensor, float, float], Tensor]

# The largest magnitude of the paper's scale.
MOST_MAGNITUDE = 30


def identity(image: Tensor, _by: float, _fill: float) -> Tensor:
    return image


def shear_x(image: Tensor, by: float, fill: float) -> Tensor:
    x, y = _centers(image)
    return _sample(image, x + 0.3 * by * y, y, fill)


def shear_y(image: Tensor, by: float, fill: float) -> Tensor:
    x, y = _centers(image)
    return _sample(image, x, y + 0.3 * by * x, fill)


def translate_x(image: Tensor, by: float, fill: float) -> Tensor:
    x, y = _centers(image)
    return _sample(image, x - _pixels(image.shape[2], by), y, fill)


def translate_y(image: Tensor, by: float, fill: float) -> Tensor:
    x, y = _centers(image)
    return _sample(image, x, y - _pixels(image.shape[1], by), fill)


def rotate(image: Tensor, by: float, fill: float) -> Tensor:
    """Rotates about the center by at most 30 degrees, counter-clockwise if positive."""
    angle = 30 * by * math.pi / 180
    x, y = _centers(image)
    center_x, center_y = image.shape[2] / 2, image.shape[1] / 2
    dx, dy = x - center_x, y - center_y
    return _sample(
        image,
        center_x + math.cos(angle) * dx - math.sin(angle) * dy,
        center_y + math.sin(angle) * dx + math.cos(angle) * dy,
        fill,
    )


def brightness(image: Tensor, by: float, _fill: float) -> Tensor:
    return (image * (1 + 0.9 * by)).clamp(0, 255)


def color(image: Tensor, by: float, _fill: float) -> Tensor:
    return change_saturation(image, 1 + 0.9 * by)


def contrast(image: Tensor, by: float, _fill: float) -> Tensor:
    return change_contrast(image, 1 + 0.9 * by)


def sharpness(image: Tensor, by: float, _fill: float) -> Tensor:
    """Blends with the image blurred by a 3x3 kernel; the outermost pixels stay."""
    if min(image.shape[1:]) < 3:
        return image
    kernel = torch.ones(3, 1, 3, 3)
    kernel[:, :, 1, 1] = 5
    blurred = image.clone()
    blurred[:, 1:-1, 1:-1] = F.conv2d(image[None], kernel / 13, groups=3)[0]
    return blend(image, blurred, 1 + 0.9 * by)


def posterize(image: Tensor, by: float, _fill: float) -> Tensor:
    """Keeps 8 to 4 bits of each value."""
    # Rounds half up, as JavaScript does.
    step = 2.0 ** math.floor(4 * by + 0.5)
    return (image / step).floor() * step


def solarize(image: Tensor, by: float, _fill: float) -> Tensor:
    return torch.where(image >= 255 * (1 - by), 255 - image, image)


def auto_contrast(image: Tensor, _by: float, _fill: float) -> Tensor:
    """Stretches each channel from its least and largest value to 0 and 255."""
    least = image.amin((1, 2), keepdim=True)
    span = image.amax((1, 2), keepdim=True) - least
    scale = 255 / torch.where(span > 0, span, torch.ones_like(span))
    return torch.where(span > 0, ((image - least) * scale).clamp(0, 255), image)


def equalize(image: Tensor, _by: float, _fill: float) -> Tensor:
    """Equalizes the histogram of each channel, over 256 whole values, as Pillow does."""
    return torch.stack([_equalize(channel) for channel in image])


def _equalize(channel: Tensor) -> Tensor:
    levels = channel.clamp(0, 255).floor().long()
    counts = torch.bincount(levels.flatten(), minlength=256)
    step = (channel.numel() - int(counts[counts.nonzero()[-1]])) // 255
    if step == 0:
        return channel
    below = counts.cumsum(0) - counts + step // 2
    return (below // step).clamp(max=255).float()[levels]


def _centers(image: Tensor) -> tuple[Tensor, Tensor]:
    """Returns x and y of each pixel's center, from the top left corner."""
    height, width = image.shape[1:]
    y = torch.arange(height, dtype=torch.float64)[:, None].expand(height, width) + 0.5
    x = torch.arange(width, dtype=torch.float64)[None].expand(height, width) + 0.5
    return x, y


def _sample(image: Tensor, x: Tensor, y: Tensor, fill: float) -> Tensor:
    """Samples the nearest pixel; outside the image it is `fill`."""
    height, width = image.shape[1:]
    column, row = x.floor().long(), y.floor().long()
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    found = image[:, row.clamp(0, height - 1), column.clamp(0, width - 1)]
    return torch.where(inside, found, torch.full_like(found, fill))


def _pixels(size: int, by: float) -> int:
    """A translation by at most 150 of 331 pixels, in whole pixels."""
    return math.trunc(150 / 331 * size * by)


# In torchvision's order: whether a transform has a direction, and the transform.
TRANSFORMS: list[tuple[bool, Transform]] = [
    (False, identity),
    (True, shear_x),
    (True, shear_y),
    (True, translate_x),
    (True, translate_y),
    (True, rotate),
    (True, brightness),
    (True, color),
    (True, contrast),
    (True, sharpness),
    (False, posterize),
    (False, solarize),
    (False, auto_contrast),
    (False, equalize),
]
