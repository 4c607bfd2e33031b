// Written by `npm run docs` from center_loss.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const rows_of: PythonHelper = {
  name: 'rows_of',
  code: `@torch.library.custom_op("wsban::rows_of", mutates_args=())
def rows_of(table: Tensor, row: Tensor) -> Tensor:
    """table[row], as it is now: never computed again, after the table has moved."""
    return table[row]


@rows_of.register_fake
def _(table: Tensor, row: Tensor) -> Tensor:
    return table.new_empty((*row.shape, *table.shape[1:]))
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}

export const CenterLoss: PythonHelper = {
  name: 'CenterLoss',
  code: `class CenterLoss(nn.Module):
    """Pulls each embedding to a centre that follows it slowly."""

    centers: Tensor

    def __init__(
        self,
        centers: int,
        features: int,
        per_class: bool = True,
        momentum: float = 0.95,
        normalize: bool = True,
    ) -> None:
        super().__init__()
        self.per_class = per_class
        self.momentum = momentum
        self.normalize = normalize
        self.register_buffer("centers", torch.zeros(centers, features))

    @in_float32
    def forward(self, embedding: Tensor, label: Tensor) -> Tensor:
        row = label if self.per_class else torch.zeros_like(label)
        centre: Tensor = rows_of(self.centers, row)
        if self.normalize:
            squares = centre.square().sum(1, keepdim=True)
            centre = centre / squares.clamp(min=1e-12).sqrt()
        away = embedding.flatten(1) - centre
        if self.training:
            step = away.detach().to(self.centers.dtype)
            if dist.is_available() and dist.is_initialized():
                # All processes move the centres by the images of all.
                total = torch.zeros_like(self.centers).index_add_(0, row, step)
                dist.all_reduce(total)
                self.centers.add_(total, alpha=1 - self.momentum)
            else:
                self.centers.index_add_(0, row, step, alpha=1 - self.momentum)
        return away.square().sum(1).mean()
`,
  uses: [rows_of, in_float32],
  imports: [
    { module: 'torch' },
    { module: 'torch.distributed', alias: 'dist' },
    { module: 'torch', name: 'Tensor' },
    { module: 'torch', name: 'nn' },
  ],
}
