// Written by `npm run docs` from grid_sample.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const grid_sample: PythonHelper = {
  name: 'grid_sample',
  code: `@in_float32
def grid_sample(x: Tensor, grid: Tensor, padding_mode: str = "border") -> Tensor:
    """Samples the maps at the places [batch, 2, h, w], fractions of width and height."""
    places = grid.permute(0, 2, 3, 1) * 2 - 1
    return F.grid_sample(
        x, places.to(x.dtype), padding_mode=padding_mode, align_corners=False
    )
`,
  uses: [in_float32],
  imports: [
    { module: 'torch.nn.functional', alias: 'F' },
    { module: 'torch', name: 'Tensor' },
  ],
}
