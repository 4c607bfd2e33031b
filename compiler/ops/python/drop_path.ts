// Written by `npm run docs` from drop_path.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const drop_path: PythonHelper = {
  name: 'drop_path',
  code: `def drop_path(x: Tensor, rate: float, training: bool) -> Tensor:
    """In training sets whole images to zero with chance \`rate\`, and scales up the rest."""
    if not training or rate == 0:
        return x
    kept = x.new_empty(x.shape[0], *(1 for _ in x.shape[1:])).bernoulli_(1 - rate)
    return x * (kept / (1 - rate))
`,
  imports: [{ module: 'torch', name: 'Tensor' }],
}
