// Written by `npm run docs` from random_map.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const random_map: PythonHelper = {
  name: 'random_map',
  code: `@in_float32
def random_map(attention: Tensor, power: float = 0.5, training: bool = False) -> Tensor:
    """One map of each image: in training drawn by its strength, else the strongest."""
    strength = attention.detach().mean((2, 3))
    if training:
        chances = strength.clamp(min=0) ** power
        none = chances.sum(1, keepdim=True) <= 0
        chances = torch.where(none, torch.ones_like(chances), chances)
        # A map that is not finite is drawn before all others: the loss shows it, and training says so.
        broken = (~chances.isfinite()).to(chances.dtype)
        chances = torch.where(broken.any(1, keepdim=True), broken, chances)
        chosen = torch.multinomial(chances, 1).squeeze(1)
    else:
        chosen = strength.argmax(1)
    return attention[torch.arange(attention.shape[0], device=attention.device), chosen]
`,
  uses: [in_float32],
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
