// Written by `npm run docs` from cross_entropy.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const weighted_cross_entropy: PythonHelper = {
  name: 'weighted_cross_entropy',
  code: `def weighted_cross_entropy(
    logits: Tensor, label: Tensor, weight: Tensor, label_smoothing: float = 0.0
) -> Tensor:
    """The terms' sum over the labels' weights; label may be B x classes, mixed."""
    loss = F.cross_entropy(logits, label, weight, label_smoothing=label_smoothing)
    if label.ndim > 1:
        loss = loss * len(label) / (label * weight).sum()
    return loss
`,
  imports: [
    { module: 'torch.nn.functional', alias: 'F' },
    { module: 'torch', name: 'Tensor' },
  ],
}
