// Written by `npm run docs` from l2_normalize.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const l2_normalize: PythonHelper = {
  name: 'l2_normalize',
  code: `@in_float32
def l2_normalize(
    x: Tensor, eps: float = 1e-12, axes: int | tuple[int, ...] | None = None
) -> Tensor:
    """Scales all values of an image to length 1, or those along axes."""
    over = tuple(range(1, x.dim())) if axes is None else axes
    squares = x.square().sum(over, keepdim=True)
    return x / squares.clamp(min=eps).sqrt()
`,
  uses: [in_float32],
  imports: [{ module: 'torch', name: 'Tensor' }],
}
