// Written by `npm run docs` from cascade.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const Cascade: PythonHelper = {
  name: 'Cascade',
  code: `class Cascade(NamedTuple):
    """The selected probabilities [B, classes], and 1 for each image that kept the first ones."""

    probabilities: Tensor
    early: Tensor
`,
  imports: [
    { module: 'typing', name: 'NamedTuple' },
    { module: 'torch', name: 'Tensor' },
  ],
}

export const cascade: PythonHelper = {
  name: 'cascade',
  code: `def cascade(first: Tensor, second: Tensor, sure: float) -> Cascade:
    """The first prediction where its largest probability is at least \`sure\`, and the second elsewhere."""
    early = first.amax(1) >= sure
    return Cascade(torch.where(early[:, None], first, second), early.to(first.dtype))
`,
  uses: [Cascade],
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
