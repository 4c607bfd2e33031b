// Written by `npm run docs` from outer_product.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const outer_product: PythonHelper = {
  name: 'outer_product',
  code: `@in_float32
def outer_product(left: Tensor, right: Tensor) -> Tensor:
    """Every channel of one times every channel of the other, averaged over space."""
    total = left.flatten(2) @ right.flatten(2).transpose(1, 2)
    return total / (left.shape[2] * left.shape[3])
`,
  uses: [in_float32],
  imports: [{ module: 'torch', name: 'Tensor' }],
}
