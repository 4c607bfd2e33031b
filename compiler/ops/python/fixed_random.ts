// Written by `npm run docs` from fixed_random.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const finalise: PythonHelper = {
  name: 'finalise',
  code: `def finalise(x: Tensor) -> Tensor:
    """Mixes the bits of 32-bit numbers, which are kept in int64."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    return x ^ (x >> 16)
`,
  imports: [{ module: 'torch', name: 'Tensor' }],
}

export const fixed_random: PythonHelper = {
  name: 'fixed_random',
  code: `def fixed_random(
    like: Tensor, shape: tuple[int, ...], distribution: str, key: int
) -> Tensor:
    """Numbers of [0, 1), -1 and 1, or normal ones, with a tensor's device and type."""
    draws = 2 if distribution == "normal" else 1
    index = torch.arange(math.prod(shape) * draws, device=like.device)
    counter = (key + index * 0x9E3779B9) & 0xFFFFFFFF
    values = finalise(finalise(counter) ^ key)
    if distribution == "normal":
        a, b = values.double().reshape(-1, 2).unbind(1)
        radius = (-2 * ((a + 0.5) / 2**32).log()).sqrt()
        numbers = radius * (2 * math.pi * b / 2**32).cos()
    else:
        numbers = (values >> 8).double() / 2**24
        if distribution == "signs":
            numbers = torch.where(numbers < 0.5, -1.0, 1.0)
    return numbers.to(like.dtype).reshape(shape)
`,
  uses: [finalise],
  imports: [{ module: 'math' }, { module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
