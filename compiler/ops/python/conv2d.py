"""torch's own convolution, initialised as wsban initialises it."""

from __future__ import annotations

from torch import nn


class Conv2d(nn.Conv2d):
    """A convolution that begins with He's normal weights and biases of zero."""

    def reset_parameters(self) -> None:
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        if self.bias is not None:
            nn.init.zeros_(self.bias)
