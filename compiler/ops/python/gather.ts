// Written by `npm run docs` from gather.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const gather: PythonHelper = {
  name: 'gather',
  code: `def gather(x: torch.Tensor, index: torch.Tensor, axis: int) -> torch.Tensor:
    """The axis is replaced by the axes of \`index\`, [1, ...], whose values are limited to it and rounded down."""
    whole = index.detach().clamp(0, x.shape[axis] - 1).long()
    chosen = x.index_select(axis, whole.flatten())
    return chosen.reshape(*x.shape[:axis], *whole.shape[1:], *x.shape[axis + 1 :])
`,
  imports: [{ module: 'torch' }],
}
