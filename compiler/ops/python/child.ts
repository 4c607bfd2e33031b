// Written by `npm run docs` from child.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const child: PythonHelper = {
  name: 'child',
  code: `def child(module: nn.Module, name: str) -> nn.Module:
    """The module below another one, by a name that nn.Module or Python has for itself."""
    found = module._modules[name]
    if found is None:
        raise KeyError(name)
    return found
`,
  imports: [{ module: 'torch', name: 'nn' }],
}
