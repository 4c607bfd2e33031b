// Written by `npm run docs` from noise.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const random_uniform: PythonHelper = {
  name: 'random_uniform',
  code: `def random_uniform(like: Tensor, low: float, high: float, training: bool) -> Tensor:
    """Uniform numbers from low on and below high, in the shape of a tensor."""
    if not training:
        return torch.full_like(like, (low + high) / 2)
    return torch.empty_like(like).uniform_(low, high)
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}

export const random_normal: PythonHelper = {
  name: 'random_normal',
  code: `def random_normal(
    like: Tensor, mean: float, deviation: float, training: bool
) -> Tensor:
    """Normal numbers in the shape of a tensor."""
    if not training:
        return torch.full_like(like, mean)
    return torch.empty_like(like).normal_(mean, deviation)
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}

export const bernoulli: PythonHelper = {
  name: 'bernoulli',
  code: `def bernoulli(like: Tensor, probability: float, training: bool) -> Tensor:
    """Ones with a probability and zeros otherwise, in the shape of a tensor."""
    if not training:
        return torch.full_like(like, probability)
    return torch.empty_like(like).bernoulli_(probability)
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
