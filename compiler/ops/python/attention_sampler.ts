// Written by `npm run docs` from attention_sampler.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { in_float32 } from './precision.js'

export const places_by_density: PythonHelper = {
  name: 'places_by_density',
  code: `def places_by_density(weights: Tensor, count: int, bound: float) -> Tensor:
    """Where the cumulative density of cells reaches even steps: [batch, count], 0 to 1."""
    cells = weights.shape[1]
    weights = weights.clamp(min=0)
    total = weights.sum(1, keepdim=True)
    even = torch.ones_like(weights)
    density = torch.where(total > 0, weights * cells / total, even)
    for _ in range(5):
        lower = density.clamp(max=bound)
        density = lower + (1 - lower.sum(1, keepdim=True) / cells)
    reached = density.cumsum(1)
    steps = torch.arange(count, device=weights.device, dtype=weights.dtype)
    target = ((steps + 0.5) / count * cells).expand(weights.shape[0], -1).contiguous()
    cell = torch.searchsorted(reached, target, right=True).clamp(max=cells - 1)
    inside = density.gather(1, cell)
    before = reached.gather(1, cell) - inside
    share = torch.where(inside > 0, (target - before) / inside, 0.5)
    return (cell + share.clamp(0, 1)) / cells
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}

export const attention_sampler: PythonHelper = {
  name: 'attention_sampler',
  code: `@in_float32
def attention_sampler(
    image: Tensor,
    guide: Tensor,
    size: tuple[int, int] | None = None,
    density: float = 2,
) -> Tensor:
    """Samples the image more densely where the map is strong."""
    height, width = size or (image.shape[2], image.shape[3])
    guide = guide.detach()
    y = places_by_density(guide.amax(2), height, density) * 2 - 1
    x = places_by_density(guide.amax(1), width, density) * 2 - 1
    grid = torch.stack(
        [
            x[:, None, :].expand(-1, height, -1),
            y[:, :, None].expand(-1, -1, width),
        ],
        3,
    )
    return F.grid_sample(
        image, grid.to(image.dtype), padding_mode="border", align_corners=False
    )
`,
  uses: [places_by_density, in_float32],
  imports: [{ module: 'torch' }, { module: 'torch.nn.functional', alias: 'F' }, { module: 'torch', name: 'Tensor' }],
}
