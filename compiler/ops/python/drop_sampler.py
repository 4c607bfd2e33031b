"""Drops the region where an attention map is strong."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from draw import draw
from precision import in_float32


@in_float32
def drop_sampler(
    image: Tensor,
    guide: Tensor,
    threshold: float | tuple[float, float] = 0.5,
    training: bool = False,
) -> Tensor:
    """Blacks out the pixels at which the map reaches threshold x its maximum."""
    guide = guide.detach().unsqueeze(1)
    large = F.interpolate(guide, image.shape[2:], mode="bilinear", align_corners=False)
    largest = large.amax((1, 2, 3), keepdim=True)
    cut = largest * draw(threshold, guide, training)[:, None, None, None]
    return image * ((large < cut) | (largest <= 0)).to(image.dtype)
