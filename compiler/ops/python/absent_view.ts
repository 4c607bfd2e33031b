// Written by `npm run docs` from absent_view.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const absent_view: PythonHelper = {
  name: 'absent_view',
  code: `def absent_view(image: Tensor, training: bool, size: int) -> Tensor:
    """Returns zeros for a view that is not given.

    Nothing reads them in inference. Raises ValueError in training.
    """
    if training:
        raise ValueError("the answers depend on the view in training")
    return image.new_zeros(image.shape[0], 3, size, size)
`,
  imports: [{ module: 'torch', name: 'Tensor' }],
}
