// Written by `npm run docs` from signed_sqrt.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const signed_sqrt: PythonHelper = {
  name: 'signed_sqrt',
  code: `@in_float32
def signed_sqrt(x: Tensor, eps: float = 1e-12) -> Tensor:
    """The square root of the absolute value, with the sign kept."""
    return x.sign() * (x.abs() + eps).sqrt()
`,
  uses: [in_float32],
  imports: [{ module: 'torch', name: 'Tensor' }],
}
