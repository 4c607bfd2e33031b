// Written by `npm run docs` from absent_label.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const absent_label: PythonHelper = {
  name: 'absent_label',
  code: `def absent_label(image: Tensor, training: bool, size: int | None = None) -> Tensor:
    """Returns zeros for a label that is not given: classes, or \`size\` numbers.

    Nothing reads them in inference. Raises ValueError in training.
    """
    if training:
        raise ValueError("the answers depend on the label in training")
    if size is None:
        return image.new_zeros(image.shape[0], dtype=torch.long)
    return image.new_zeros(image.shape[0], size)
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
