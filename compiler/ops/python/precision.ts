// Written by `npm run docs` from precision.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const widen: PythonHelper = {
  name: 'widen',
  code: `def widen(x: Tensor) -> Tensor:
    """In float32 what autocast made narrower."""
    narrow = x.dtype in (torch.bfloat16, torch.float16)
    return x.float() if narrow and torch.is_autocast_enabled(x.device.type) else x
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}

export const in_float32: PythonHelper = {
  name: 'in_float32',
  code: `P = ParamSpec("P")
T = TypeVar("T")


def in_float32(function: Callable[P, T]) -> Callable[P, T]:
    """Under autocast the function, too, computes in float32."""
    widened: Callable[..., T] = function

    @wraps(function)
    def run(*args: Any, **options: Any) -> T:
        device = next(x.device.type for x in args if isinstance(x, Tensor))
        if not torch.is_autocast_enabled(device):
            return function(*args, **options)
        wide: list[Any] = [widen(x) if isinstance(x, Tensor) else x for x in args]
        with torch.autocast(device, enabled=False):
            return widened(*wide, **options)

    return run
`,
  uses: [widen],
  imports: [
    { module: 'collections.abc', name: 'Callable' },
    { module: 'functools', name: 'wraps' },
    { module: 'typing', name: 'Any' },
    { module: 'typing', name: 'ParamSpec' },
    { module: 'typing', name: 'TypeVar' },
    { module: 'torch' },
    { module: 'torch', name: 'Tensor' },
  ],
}
