// Written by `npm run docs` from group_norm.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { widen } from './precision.js'

export const GroupNorm: PythonHelper = {
  name: 'GroupNorm',
  code: `class GroupNorm(nn.GroupNorm):
    """As nn.GroupNorm, which autocast leaves in half precision on CPUs."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalises the groups of each image."""
        return super().forward(widen(input))
`,
  uses: [widen],
  imports: [
    { module: 'torch', name: 'Tensor' },
    { module: 'torch', name: 'nn' },
  ],
}
