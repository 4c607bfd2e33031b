"""The attention-based sampler of TASN."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from precision import in_float32


def shares(weights: Tensor) -> Tensor:
    """Weights of cells [batch, cells] normalised to a mean of 1; ones if none is positive."""
    weights = weights.clamp(min=0)
    total = weights.sum(1, keepdim=True)
    even = torch.ones_like(weights)
    return torch.where(total > 0, weights * weights.shape[1] / total, even)


def cut(density: Tensor, limit: Tensor | float) -> Tensor:
    """Spreads evenly what lies above the limit."""
    limit = torch.as_tensor(limit, device=density.device, dtype=density.dtype)
    lower = torch.minimum(density, limit)
    return lower + (1 - lower.mean(1, keepdim=True))


def bounded_densities(
    rows: Tensor, columns: Tensor, bound: float, axes: str
) -> tuple[Tensor, Tensor]:
    """How densely each row and each column is sampled, 1 on average."""
    y, x = shares(rows), shares(columns)
    if axes == "independent":
        return cut(y, bound), cut(x, bound)
    for i in range(5):
        limit = torch.minimum(y.amax(1, keepdim=True), x.amax(1, keepdim=True))
        if i == 0:
            limit = limit.clamp(max=bound)
        y, x = cut(y, limit), cut(x, limit)
    return y, x


def places_by_density(density: Tensor, count: int) -> Tensor:
    """Where the cumulative density of cells reaches even steps: [batch, count], 0 to 1."""
    cells = density.shape[1]
    reached = density.cumsum(1)
    steps = torch.arange(count, device=density.device, dtype=density.dtype)
    target = ((steps + 0.5) / count * cells).expand(density.shape[0], -1).contiguous()
    # Counted, as exporters do not know searchsorted.
    cell = (reached[:, None] <= target[:, :, None]).sum(2).clamp(max=cells - 1)
    inside = density.gather(1, cell)
    before = reached.gather(1, cell) - inside
    share = torch.where(inside > 0, (target - before) / inside, 0.5)
    return (cell + share.clamp(0, 1)) / cells


@in_float32
def attention_sampler(
    image: Tensor,
    guide: Tensor,
    size: tuple[int, int] | None = None,
    density: float = 4,
    axes: str = "balanced",
) -> Tensor:
    """Samples the image more densely where the map is strong."""
    height, width = size or (image.shape[2], image.shape[3])
    guide = guide.detach()
    rows, columns = bounded_densities(guide.amax(2), guide.amax(1), density, axes)
    y = places_by_density(rows, height) * 2 - 1
    x = places_by_density(columns, width) * 2 - 1
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
