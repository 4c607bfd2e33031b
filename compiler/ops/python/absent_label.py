"""The label where it is not given."""

from __future__ import annotations

import torch
from torch import Tensor


def absent_label(image: Tensor, training: bool, size: int | None = None) -> Tensor:
    """Returns zeros for a label that is not given: classes, or `size` numbers.

    Nothing reads them in inference. Raises ValueError in training.
    """
    if training:
        raise ValueError("the answers depend on the label in training")
    if size is None:
        return image.new_zeros(image.shape[0], dtype=torch.long)
    return image.new_zeros(image.shape[0], size)
