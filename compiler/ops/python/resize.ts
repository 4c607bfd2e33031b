// Written by `npm run docs` from resize.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const resize: PythonHelper = {
  name: 'resize',
  code: `@in_float32
def resize(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """Feature maps at another height and width: bilinear, half-pixel centres."""
    return F.interpolate(x, size, mode="bilinear", align_corners=False)
`,
  uses: [in_float32],
  imports: [
    { module: 'torch.nn.functional', alias: 'F' },
    { module: 'torch', name: 'Tensor' },
  ],
}

export const resize_map: PythonHelper = {
  name: 'resize_map',
  code: `@in_float32
def resize_map(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """A single map, [batch, height, width], at another height and width."""
    maps = x.unsqueeze(1)
    large = F.interpolate(maps, size, mode="bilinear", align_corners=False)
    return large.squeeze(1)
`,
  uses: [in_float32],
  imports: [
    { module: 'torch.nn.functional', alias: 'F' },
    { module: 'torch', name: 'Tensor' },
  ],
}
