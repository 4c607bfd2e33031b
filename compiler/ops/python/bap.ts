// Written by `npm run docs` from bap.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const bap: PythonHelper = {
  name: 'bap',
  code: `@in_float32
def bap(features: Tensor, attention: Tensor, pool: str = "mean") -> Tensor:
    """The features seen through each attention map: [batch, maps, channels]."""
    if pool == "max":
        # Map by map: all products at once would be maps times the features' memory.
        rows = [(features * a.unsqueeze(1)).amax((2, 3)) for a in attention.unbind(1)]
        return torch.stack(rows, 1)
    total = attention.flatten(2) @ features.flatten(2).transpose(1, 2)
    return total if pool == "sum" else total / (features.shape[2] * features.shape[3])
`,
  uses: [in_float32],
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
