"""Layer normalisation along an axis that is not the last one."""

from __future__ import annotations

from torch import Tensor, nn


class LayerNormOver(nn.LayerNorm):
    """As nn.LayerNorm, along another axis: the channels of feature maps are axis 1."""

    def __init__(
        self, features: int, axis: int, eps: float = 1e-5, bias: bool = True
    ) -> None:
        super().__init__(features, eps=eps, bias=bias)
        self.axis = axis

    def forward(self, input: Tensor) -> Tensor:
        """Normalises the values along the axis."""
        return super().forward(input.movedim(self.axis, -1)).movedim(-1, self.axis)
