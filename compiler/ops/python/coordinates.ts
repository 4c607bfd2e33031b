// Written by `npm run docs` from coordinates.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const coordinates: PythonHelper = {
  name: 'coordinates',
  code: `def coordinates(x: torch.Tensor, axis: int) -> torch.Tensor:
    """[1, size of the axis], in float32 or wider."""
    dtype = torch.promote_types(x.dtype, torch.float32)
    return torch.arange(x.shape[axis], dtype=dtype, device=x.device)[None]
`,
  imports: [{ module: 'torch' }],
}
