// Written by `npm run docs` from class_activation_map.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const class_activation_map: PythonHelper = {
  name: 'class_activation_map',
  code: `@in_float32
def class_activation_map(maps: Tensor, logits: Tensor) -> Tensor:
    """The map of the class with the largest logit, the first of equal ones."""
    return maps[torch.arange(maps.shape[0], device=maps.device), logits.argmax(1)]
`,
  uses: [in_float32],
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
