"""Layer normalisation in float32, along any axis."""

from __future__ import annotations

from torch import Tensor, nn

from precision import widen


class LayerNorm(nn.LayerNorm):
    """As nn.LayerNorm, which autocast leaves in half precision on CPUs."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalises the values along the last axis."""
        return super().forward(widen(input))


class LayerNormOver(LayerNorm):
    """The same along another axis: the channels of feature maps are axis 1."""

    def __init__(
        self, features: int, axis: int, eps: float = 1e-5, bias: bool = True
    ) -> None:
        super().__init__(features, eps=eps, bias=bias)
        self.axis = axis

    def forward(self, input: Tensor) -> Tensor:
        """Normalises the values along the axis."""
        return super().forward(input.movedim(self.axis, -1)).movedim(-1, self.axis)
