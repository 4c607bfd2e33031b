// Written by `npm run docs` from sign.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const sign: PythonHelper = {
  name: 'sign',
  code: `def sign(x: Tensor) -> Tensor:
    """As torch.sign, which gives 0 for NaN; here it stays NaN, as in ONNX."""
    return torch.where(x.isnan(), x, x.sign())
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
