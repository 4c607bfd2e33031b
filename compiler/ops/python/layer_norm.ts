// Written by `npm run docs` from layer_norm.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { widen } from './precision.js'

export const LayerNorm: PythonHelper = {
  name: 'LayerNorm',
  code: `class LayerNorm(nn.LayerNorm):
    """As nn.LayerNorm, which autocast leaves in half precision on CPUs."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalises the values along the last axis."""
        return super().forward(widen(input))
`,
  uses: [widen],
  imports: [
    { module: 'torch', name: 'Tensor' },
    { module: 'torch', name: 'nn' },
  ],
}

export const LayerNormOver: PythonHelper = {
  name: 'LayerNormOver',
  code: `class LayerNormOver(LayerNorm):
    """The same along another axis: the channels of feature maps are axis 1."""

    def __init__(
        self, features: int, axis: int, eps: float = 1e-5, bias: bool = True
    ) -> None:
        super().__init__(features, eps=eps, bias=bias)
        self.axis = axis

    def forward(self, input: Tensor) -> Tensor:
        """Normalises the values along the axis."""
        return super().forward(input.movedim(self.axis, -1)).movedim(-1, self.axis)
`,
  uses: [LayerNorm],
  imports: [{ module: 'torch', name: 'Tensor' }],
}
