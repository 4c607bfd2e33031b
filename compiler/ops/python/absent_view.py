"""A view of the image where it is not given."""

from __future__ import annotations

from torch import Tensor


def absent_view(image: Tensor, training: bool, size: int) -> Tensor:
    """Returns zeros for a view that is not given.

    Nothing reads them in inference. Raises ValueError in training.
    """
    if training:
        raise ValueError("the answers depend on the view in training")
    return image.new_zeros(image.shape[0], 3, size, size)
