// Written by `npm run docs` from trilinear_attention.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const trilinear_attention: PythonHelper = {
  name: 'trilinear_attention',
  code: `@in_float32
def trilinear_attention(x: Tensor, scale: float = 7) -> Tensor:
    """Each map a mixture of the channels that look at the same things."""
    rows = x.flatten(2)
    relation = F.softmax(rows * scale, 2) @ rows.transpose(1, 2)
    return (F.softmax(relation, 2) @ rows).view_as(x)
`,
  uses: [in_float32],
  imports: [
    { module: 'torch.nn.functional', alias: 'F' },
    { module: 'torch', name: 'Tensor' },
  ],
}
