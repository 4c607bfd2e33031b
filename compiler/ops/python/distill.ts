// Written by `npm run docs` from distill.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const distill: PythonHelper = {
  name: 'distill',
  code: `@in_float32
def distill(student: Tensor, teacher: Tensor, temperature: float = 10) -> Tensor:
    """The student's cross-entropy with the teacher's softened answer."""
    target = F.softmax(teacher / temperature, 1)
    return -(target * F.log_softmax(student / temperature, 1)).sum(1).mean()
`,
  uses: [in_float32],
  imports: [
    { module: 'torch.nn.functional', alias: 'F' },
    { module: 'torch', name: 'Tensor' },
  ],
}
