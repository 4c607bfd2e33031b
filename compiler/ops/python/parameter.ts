// Written by `npm run docs` from parameter.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const parameter: PythonHelper = {
  name: 'parameter',
  code: `def parameter(*shape: int, value: float = 0, deviation: float = 0) -> nn.Parameter:
    """Begins at one value, or at values drawn from a normal distribution around 0."""
    tensor = torch.full(shape, float(value))
    return nn.Parameter(tensor.normal_(0, deviation) if deviation > 0 else tensor)
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'nn' }],
}
