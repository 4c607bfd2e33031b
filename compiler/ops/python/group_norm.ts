// Written by `npm run docs` from group_norm.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { widen } from './precision.js'

export const GroupNorm: PythonHelper = {
  name: 'GroupNorm',
  code: `class GroupNorm(nn.GroupNorm):
    """As nn.GroupNorm, which autocast leaves in half precision on CPUs, and which refuses groups of one value."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalises the groups of each image."""
        x = widen(input)
        return torch.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)
`,
  uses: [widen],
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }, { module: 'torch', name: 'nn' }],
}
