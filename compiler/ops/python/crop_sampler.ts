// Written by `npm run docs` from crop_sampler.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { draw } from './draw.js'
import { in_float32 } from './precision.js'

export const enlarge: PythonHelper = {
  name: 'enlarge',
  code: `def enlarge(maps: Tensor, size: int, dim: int) -> Tensor:
    """Maps with \`size\` cells along one side: bilinear, half-pixel centres."""
    cells = maps.shape[dim]
    if cells == size:
        return maps
    # In whole numbers, which every device has: places in parts of a cell.
    parts = 2 * size
    place = (2 * torch.arange(size, device=maps.device) + 1) * cells - size
    place = place.clamp(0, parts * (cells - 1))
    low = place // parts
    high = (low + 1).clamp(max=cells - 1)
    shape = [-1 if side == dim else 1 for side in range(maps.dim())]
    share = ((place - low * parts) / parts).view(shape)
    return maps.index_select(dim, low) * (1 - share) + (
        maps.index_select(dim, high) * share
    )
`,
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}

export const joined_in_rounds: PythonHelper = {
  name: 'joined_in_rounds',
  code: `def joined_in_rounds(kept: Tensor, may_stop: bool) -> Tensor:
    """The cells of the largest component (8 neighbours) of each [rows, columns].

    Of equal ones it is the first in reading order. Each round joins every component
    with a neighbour and so halves their number at least: no result is waited for,
    unless the rounds may stop where nothing is left to join.
    """
    batch, rows, columns = kept.shape
    count = rows * columns
    rounds = max(1, (count - 1).bit_length())
    kept = kept.flatten(1)
    # The first cell has the highest number; 0 is the background.
    number = torch.arange(count, 0, -1, device=kept.device).expand(batch, -1)
    number = torch.where(kept, number, 0)
    slots = torch.arange(count + 1, device=kept.device).expand(batch, -1)
    label = number
    for done in range(rounds):
        plane = label.view(batch, 1, rows, columns).float()
        highest = F.max_pool2d(plane, 3, 1, 1)
        lowest = -F.max_pool2d((-plane).masked_fill(plane == 0, -torch.inf), 3, 1, 1)
        near = torch.where(highest > plane, highest, lowest)
        near = torch.where((near != plane) & (plane > 0), near, 0).flatten(1).long()
        target = torch.zeros_like(slots).scatter_reduce(1, label, near, "amax")
        target = torch.where(target > 0, target, slots)
        mutual = target.gather(1, target) == slots
        target = torch.where(mutual & (slots > target), slots, target)
        for _ in range(rounds - done):
            target = target.gather(1, target)
        before, label = label, target.gather(1, label)
        if may_stop and torch.equal(before, label):
            break
    size = torch.zeros_like(slots).scatter_add(1, label, kept.long())
    first = torch.zeros_like(slots).scatter_reduce(1, label, number, "amax")
    best = (size * (count + 1) + first).argmax(1, keepdim=True)
    return (label == best).view(batch, rows, columns)
`,
  imports: [{ module: 'torch' }, { module: 'torch.nn.functional', alias: 'F' }, { module: 'torch', name: 'Tensor' }],
}

export const largest_component: PythonHelper = {
  name: 'largest_component',
  code: `@torch.library.custom_op("wsban::largest_component", mutates_args=())
def largest_component(kept: Tensor) -> Tensor:
    """The cells of the largest component of each [rows, columns]."""
    return joined_in_rounds(kept, may_stop=kept.device.type == "cpu")


@largest_component.register_fake
def _(kept: Tensor) -> Tensor:
    return torch.empty_like(kept, memory_format=torch.contiguous_format)
`,
  uses: [joined_in_rounds],
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}

export const attention_box: PythonHelper = {
  name: 'attention_box',
  code: `def attention_box(
    guide: Tensor,
    threshold: Tensor,
    region: str,
    margin: float,
    size: tuple[int, int],
) -> Tensor:
    """The box around the cells at or above threshold x the map's maximum.

    The whole image where a map has no positive value, or one that is no number.
    """
    rows, columns = size
    large = enlarge(enlarge(guide, rows, 1), columns, 2)
    largest = large.amax((1, 2), keepdim=True)
    broken = large.isnan().any(2, keepdim=True).any(1, keepdim=True)
    kept = (large >= largest * threshold[:, None, None]) | broken | (largest <= 0)
    if region == "largest":
        exporting = torch.compiler.is_exporting()
        kept = joined_in_rounds(kept, False) if exporting else largest_component(kept)
    by_row = kept.any(2).float()
    by_column = kept.any(1).float()
    y1 = by_row.argmax(1) / rows - margin
    x1 = by_column.argmax(1) / columns - margin
    y2 = (rows - by_row.flip(1).argmax(1)) / rows + margin
    x2 = (columns - by_column.flip(1).argmax(1)) / columns + margin
    return torch.stack([y1, x1, y2, x2], 1).clamp(0, 1)
`,
  uses: [enlarge, joined_in_rounds, largest_component],
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}

export const crop_resize: PythonHelper = {
  name: 'crop_resize',
  code: `def crop_resize(image: Tensor, box: Tensor) -> Tensor:
    """The box, cut out and enlarged to the image's size, with aligned corners."""
    height, width = image.shape[2:]

    def places(first: Tensor, last: Tensor, length: int) -> Tensor:
        if length == 1:
            return torch.zeros_like(first).unsqueeze(1)
        steps = torch.arange(length, device=box.device, dtype=image.dtype)
        shares = steps / (length - 1)
        return (first[:, None] + shares * (last - first)[:, None]) * 2 - 1

    y1, x1, y2, x2 = box.to(image.dtype).unbind(1)
    x = places(x1, x2, width)[:, None, :].expand(-1, height, -1)
    y = places(y1, y2, height)[:, :, None].expand(-1, -1, width)
    return F.grid_sample(
        image, torch.stack([x, y], 3), padding_mode="border", align_corners=True
    )
`,
  imports: [{ module: 'torch' }, { module: 'torch.nn.functional', alias: 'F' }, { module: 'torch', name: 'Tensor' }],
}

export const Crop: PythonHelper = {
  name: 'Crop',
  code: `class Crop(NamedTuple):
    """What crop_sampler gives."""

    image: Tensor
    box: Tensor
    """y1, x1, y2, x2, each a fraction of the image."""
`,
  imports: [
    { module: 'typing', name: 'NamedTuple' },
    { module: 'torch', name: 'Tensor' },
  ],
}

export const crop_sampler: PythonHelper = {
  name: 'crop_sampler',
  code: `@in_float32
def crop_sampler(
    image: Tensor,
    guide: Tensor,
    threshold: float | tuple[float, float] = 0.2,
    region: str = "largest",
    margin: float = 0.05,
    resolution: str = "x2",
    training: bool = False,
) -> Crop:
    """Cuts out what the map points at, and enlarges it to the size of the image."""
    # In single precision whatever the image is, so that the box is always the same.
    guide = guide.detach().float()
    rows, columns = guide.shape[1:]
    if resolution == "image":
        size = (max(rows, image.shape[2]), max(columns, image.shape[3]))
    else:
        factor = {"grid": 1, "x2": 2, "x4": 4}[resolution]
        size = (rows * factor, columns * factor)
    share = draw(threshold, guide, training)
    box = attention_box(guide, share, region, margin, size)
    return Crop(crop_resize(image, box), box)
`,
  uses: [Crop, draw, attention_box, crop_resize, in_float32],
  imports: [{ module: 'torch', name: 'Tensor' }],
}
