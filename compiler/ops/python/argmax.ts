// Written by `npm run docs` from argmax.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const argmax: PythonHelper = {
  name: 'argmax',
  code: `def argmax(x: Tensor, axis: int) -> Tensor:
    """The index of the largest value along the axis, in float32 or wider."""
    dtype = torch.promote_types(x.dtype, torch.float32)
    return x.detach().argmax(axis).to(dtype)
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
