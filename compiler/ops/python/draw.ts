// Written by `npm run docs` from draw.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const draw: PythonHelper = {
  name: 'draw',
  code: `def draw(value: float | tuple[float, float], like: Tensor, training: bool) -> Tensor:
    """A number for each image: in training from the range, else the range's middle."""
    if not isinstance(value, tuple):
        return like.new_full((like.shape[0],), value)
    low, high = value
    if not training:
        return like.new_full((like.shape[0],), (low + high) / 2)
    return like.new_empty(like.shape[0]).uniform_(low, high)
`,
  imports: [{ module: 'torch', name: 'Tensor' }],
}
