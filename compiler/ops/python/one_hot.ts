// Written by `npm run docs` from one_hot.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const one_hot: PythonHelper = {
  name: 'one_hot',
  code: `def one_hot(x: Tensor, classes: int) -> Tensor:
    """A new last axis, with a 1 at the index rounded down, in float32 or wider."""
    dtype = torch.promote_types(x.dtype, torch.float32)
    index = x.detach().floor()[..., None]
    return (index == torch.arange(classes, device=x.device)).to(dtype)
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
