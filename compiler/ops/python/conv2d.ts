// Written by `npm run docs` from conv2d.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const Conv2d: PythonHelper = {
  name: 'Conv2d',
  code: `class Conv2d(nn.Conv2d):
    """A convolution that begins with He's normal weights and biases of zero."""

    def reset_parameters(self) -> None:
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        if self.bias is not None:
            nn.init.zeros_(self.bias)
`,
  imports: [{ module: 'torch', name: 'nn' }],
}
