// Written by `npm run docs` from constant.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const constant: PythonHelper = {
  name: 'constant',
  code: `def constant(like: Tensor, values: tuple[float, ...], shape: tuple[int, ...]) -> Tensor:
    """The numbers as [1, *shape], with the device and type of a tensor."""
    return torch.tensor(values, dtype=like.dtype, device=like.device).reshape(1, *shape)
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}

export const eye: PythonHelper = {
  name: 'eye',
  code: `def eye(like: Tensor, size: int) -> Tensor:
    """An identity matrix [1, size, size], likewise."""
    return torch.eye(size, dtype=like.dtype, device=like.device)[None]
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}

export const evenly_spaced: PythonHelper = {
  name: 'evenly_spaced',
  code: `def evenly_spaced(like: Tensor, count: int, start: float, step: float) -> Tensor:
    """start + i * step as [1, count], on the device of a tensor, in float32 or wider."""
    dtype = torch.promote_types(like.dtype, torch.float32)
    return (start + step * torch.arange(count, dtype=dtype, device=like.device))[None]
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
