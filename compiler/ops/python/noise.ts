// Written by `npm run docs` from noise.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const shaped: PythonHelper = {
  name: 'shaped',
  code: `def shaped(like: Tensor, mean: float) -> Tensor:
    """The mean in the shape of a tensor, in float32 or wider."""
    dtype = torch.promote_types(like.dtype, torch.float32)
    return torch.full_like(like, mean, dtype=dtype, requires_grad=False)
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}

export const random_uniform: PythonHelper = {
  name: 'random_uniform',
  code: `def random_uniform(like: Tensor, low: float, high: float, training: bool) -> Tensor:
    """Uniform numbers from low on and below high, in the shape of a tensor."""
    numbers = shaped(like, (low + high) / 2)
    return numbers.uniform_(low, high) if training else numbers
`,
  uses: [shaped],
  imports: [{ module: 'torch', name: 'Tensor' }],
}

export const random_normal: PythonHelper = {
  name: 'random_normal',
  code: `def random_normal(
    like: Tensor, mean: float, deviation: float, training: bool
) -> Tensor:
    """Normal numbers in the shape of a tensor."""
    numbers = shaped(like, mean)
    return numbers.normal_(mean, deviation) if training else numbers
`,
  uses: [shaped],
  imports: [{ module: 'torch', name: 'Tensor' }],
}

export const bernoulli: PythonHelper = {
  name: 'bernoulli',
  code: `def bernoulli(like: Tensor, probability: float, training: bool) -> Tensor:
    """Ones with a probability and zeros otherwise, in the shape of a tensor."""
    numbers = shaped(like, probability)
    return numbers.bernoulli_(probability) if training else numbers
`,
  uses: [shaped],
  imports: [{ module: 'torch', name: 'Tensor' }],
}
