// Written by `npm run docs` from pairs.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const pairwise: PythonHelper = {
  name: 'pairwise',
  code: `@in_float32
def pairwise(a: Tensor, b: Tensor, squared_distance: bool = False) -> Tensor:
    """The products of the rows [B, n] of both, [B, B], or their squared distances."""
    if squared_distance:
        return (a[:, None] - b).square().sum(-1)
    return a @ b.T
`,
  uses: [in_float32],
  imports: [{ module: 'torch', name: 'Tensor' }],
}

export const same_image: PythonHelper = {
  name: 'same_image',
  code: `def same_image(like: Tensor) -> Tensor:
    """[B, B] with ones on the diagonal, with the device and type of a tensor."""
    return torch.eye(like.shape[0], dtype=like.dtype, device=like.device)
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}

export const select_images: PythonHelper = {
  name: 'select_images',
  code: `def select_images(x: Tensor, index: Tensor) -> Tensor:
    """The images at the indices, which are limited to the batch and rounded down."""
    return x.index_select(0, index.detach().clamp(0, x.shape[0] - 1).long())
`,
  imports: [{ module: 'torch', name: 'Tensor' }],
}
