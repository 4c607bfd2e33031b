// Written by `npm run docs` from rms_norm.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { widen } from './precision.js'

export const RmsNorm: PythonHelper = {
  name: 'RmsNorm',
  code: `class RmsNorm(nn.RMSNorm):
    """As nn.RMSNorm, along any axis, and in float32 under autocast."""

    def __init__(self, features: int, axis: int = -1, eps: float = 1e-6) -> None:
        super().__init__(features, eps=eps)
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        """Normalises the values along the axis."""
        last = widen(x).movedim(self.axis, -1)
        out = F.rms_norm(last, self.normalized_shape, self.weight, self.eps)
        return out.movedim(-1, self.axis)
`,
  uses: [widen],
  imports: [
    { module: 'torch.nn.functional', alias: 'F' },
    { module: 'torch', name: 'Tensor' },
    { module: 'torch', name: 'nn' },
  ],
}
