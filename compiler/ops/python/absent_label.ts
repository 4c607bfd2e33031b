// Written by `npm run docs` from absent_label.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const absent_label: PythonHelper = {
  name: 'absent_label',
  code: `def absent_label(image: Tensor, training: bool) -> Tensor:
    """Stands for a label that is not given: zeros, which nothing reads in inference. Raises ValueError in training, where it is needed."""
    if training:
        raise ValueError("the answers depend on the label in training")
    return image.new_zeros(image.shape[0], dtype=torch.long)
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
