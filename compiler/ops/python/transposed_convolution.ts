// Written by `npm run docs` from transposed_convolution.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const ConvTranspose2d: PythonHelper = {
  name: 'ConvTranspose2d',
  code: `class ConvTranspose2d(nn.ConvTranspose2d):
    """A transposed convolution that begins with normal weights and biases of zero."""

    def reset_parameters(self) -> None:
        channels, _, height, width = self.weight.shape
        terms = channels * height * width / (self.stride[0] * self.stride[1])
        nn.init.normal_(self.weight, std=(2 / terms) ** 0.5)
        if self.bias is not None:
            nn.init.zeros_(self.bias)
`,
  imports: [{ module: 'torch', name: 'nn' }],
}
