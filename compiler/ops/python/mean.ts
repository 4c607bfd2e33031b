// Written by `npm run docs` from mean.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const mean_of: PythonHelper = {
  name: 'mean_of',
  code: `@in_float32
def mean_of(first: Tensor, *others: Tensor) -> Tensor:
    """The mean of several tensors, element by element."""
    return sum(others, first) / (1 + len(others))
`,
  uses: [in_float32],
  imports: [{ module: 'torch', name: 'Tensor' }],
}
