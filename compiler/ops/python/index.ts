// Written by `npm run docs` from the .py files of this folder.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

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
}

export const widen: PythonHelper = {
  name: 'widen',
  code: `def widen(x: Tensor) -> Tensor:
    """In float32 what autocast made narrower."""
    narrow = x.dtype in (torch.bfloat16, torch.float16)
    return x.float() if narrow and torch.is_autocast_enabled(x.device.type) else x
`,
}

export const in_float32: PythonHelper = {
  name: 'in_float32',
  code: `P = ParamSpec("P")
T = TypeVar("T")


def in_float32(function: Callable[P, T]) -> Callable[P, T]:
    """Under autocast the function, too, computes in float32."""

    @wraps(function)
    def run(*args: Any, **options: Any) -> T:
        device = next(x.device.type for x in args if isinstance(x, Tensor))
        if not torch.is_autocast_enabled(device):
            return function(*args, **options)
        wide: list[Any] = [widen(x) if isinstance(x, Tensor) else x for x in args]
        with torch.autocast(device, enabled=False):
            return function(*wide, **options)

    return run
`,
  uses: [widen],
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
}

export const bap: PythonHelper = {
  name: 'bap',
  code: `@in_float32
def bap(features: Tensor, attention: Tensor, pool: str = "mean") -> Tensor:
    """The features seen through each attention map: [batch, maps, channels]."""
    if pool == "max":
        # Map by map: all products at once would be maps times the features' memory.
        rows = [(features * a.unsqueeze(1)).amax((2, 3)) for a in attention.unbind(1)]
        return torch.stack(rows, 1)
    total = attention.flatten(2) @ features.flatten(2).transpose(1, 2)
    return total if pool == "sum" else total / (features.shape[2] * features.shape[3])
`,
  uses: [in_float32],
}

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
}

export const child: PythonHelper = {
  name: 'child',
  code: `def child(module: nn.Module, name: str) -> nn.Module:
    """The module below another one, by a name that nn.Module or Python has for itself."""
    found = module._modules[name]
    if found is None:
        raise KeyError(name)
    return found
`,
}

export const class_activation_map: PythonHelper = {
  name: 'class_activation_map',
  code: `@in_float32
def class_activation_map(maps: Tensor, logits: Tensor) -> Tensor:
    """The map of the class with the largest logit, the first of equal ones."""
    return maps[torch.arange(maps.shape[0], device=maps.device), logits.argmax(1)]
`,
  uses: [in_float32],
}

export const Conv2d: PythonHelper = {
  name: 'Conv2d',
  code: `class Conv2d(nn.Conv2d):
    """A convolution that begins with He's normal weights and biases of zero."""

    def reset_parameters(self) -> None:
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        if self.bias is not None:
            nn.init.zeros_(self.bias)
`,
}

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
}

export const largest_component: PythonHelper = {
  name: 'largest_component',
  code: `@torch.library.custom_op("wsban::largest_component", mutates_args=())
def largest_component(kept: Tensor) -> Tensor:
    """The cells of the largest component (8 neighbours) of each [rows, columns].

    Of equal ones it is the first in reading order. Each round joins every component
    with a neighbour and so halves their number at least: no result is waited for.
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
        if label.device.type == "cpu" and torch.equal(before, label):
            break
    size = torch.zeros_like(slots).scatter_add(1, label, kept.long())
    first = torch.zeros_like(slots).scatter_reduce(1, label, number, "amax")
    best = (size * (count + 1) + first).argmax(1, keepdim=True)
    return (label == best).view(batch, rows, columns)


@largest_component.register_fake
def _(kept: Tensor) -> Tensor:
    return torch.empty_like(kept, memory_format=torch.contiguous_format)
`,
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
        kept = largest_component(kept)
    by_row = kept.any(2).float()
    by_column = kept.any(1).float()
    y1 = by_row.argmax(1) / rows - margin
    x1 = by_column.argmax(1) / columns - margin
    y2 = (rows - by_row.flip(1).argmax(1)) / rows + margin
    x2 = (columns - by_column.flip(1).argmax(1)) / columns + margin
    return torch.stack([y1, x1, y2, x2], 1).clamp(0, 1)
`,
  uses: [enlarge, largest_component],
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
}

export const Crop: PythonHelper = {
  name: 'Crop',
  code: `class Crop(NamedTuple):
    """What crop_sampler gives."""

    image: Tensor
    box: Tensor
    """y1, x1, y2, x2, each a fraction of the image."""
`,
}

export const draw: PythonHelper = {
  name: 'draw',
  code: `def draw(value: float | tuple[float, float], like: Tensor, training: bool) -> Tensor:
    """A number for each image: in training from the range, else the range's middle."""
    if not isinstance(value, tuple):
        return like.new_full((like.shape[0],), value)
    low, high = value
    if not training:
        return like.new_full((like.shape[0],), (low + high) / 2)
    return like.new_empty(like.shape[0]).uniform_(low, high)
`,
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
}

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
}

export const distill: PythonHelper = {
  name: 'distill',
  code: `@in_float32
def distill(student: Tensor, teacher: Tensor, temperature: float = 10) -> Tensor:
    """The student's cross-entropy with the teacher's softened answer."""
    target = F.softmax(teacher / temperature, 1)
    return -(target * F.log_softmax(student / temperature, 1)).sum(1).mean()
`,
  uses: [in_float32],
}

export const dot_product_attention: PythonHelper = {
  name: 'dot_product_attention',
  code: `def dot_product_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    heads: int = 1,
    scale: float | None = None,
    bias: Tensor | None = None,
) -> Tensor:
    """Divides the features of tokens among the heads, and joins what these return."""

    def split(x: Tensor) -> Tensor:
        return x.unflatten(-1, (heads, -1)).transpose(-3, -2)

    out = F.scaled_dot_product_attention(
        split(q), split(k), split(v), attn_mask=bias, scale=scale
    )
    return out.transpose(-3, -2).flatten(-2)
`,
}

export const drop_sampler: PythonHelper = {
  name: 'drop_sampler',
  code: `@in_float32
def drop_sampler(
    image: Tensor,
    guide: Tensor,
    threshold: float | tuple[float, float] = 0.5,
    training: bool = False,
) -> Tensor:
    """Blacks out the pixels at which the map reaches threshold x its maximum."""
    guide = guide.detach().unsqueeze(1)
    large = F.interpolate(guide, image.shape[2:], mode="bilinear", align_corners=False)
    largest = large.amax((1, 2, 3), keepdim=True)
    cut = largest * draw(threshold, guide, training)[:, None, None, None]
    return image * ((large < cut) | (largest <= 0)).to(image.dtype)
`,
  uses: [draw, in_float32],
}

export const l2_normalize: PythonHelper = {
  name: 'l2_normalize',
  code: `@in_float32
def l2_normalize(x: Tensor, eps: float = 1e-12) -> Tensor:
    """Scales each image's values to length 1, all of them together."""
    squares = x.square().sum(tuple(range(1, x.dim())), keepdim=True)
    return x / squares.clamp(min=eps).sqrt()
`,
  uses: [in_float32],
}

export const LayerNormOver: PythonHelper = {
  name: 'LayerNormOver',
  code: `class LayerNormOver(nn.LayerNorm):
    """As nn.LayerNorm, along another axis: the channels of feature maps are axis 1."""

    def __init__(
        self, features: int, axis: int, eps: float = 1e-5, bias: bool = True
    ) -> None:
        super().__init__(features, eps=eps, bias=bias)
        self.axis = axis

    def forward(self, input: Tensor) -> Tensor:
        """Normalises the values along the axis."""
        return super().forward(input.movedim(self.axis, -1)).movedim(-1, self.axis)
`,
}

export const mean_of: PythonHelper = {
  name: 'mean_of',
  code: `@in_float32
def mean_of(first: Tensor, *others: Tensor) -> Tensor:
    """The mean of several tensors, element by element."""
    return sum(others, first) / (1 + len(others))
`,
  uses: [in_float32],
}

export const outer_product: PythonHelper = {
  name: 'outer_product',
  code: `@in_float32
def outer_product(left: Tensor, right: Tensor) -> Tensor:
    """Every channel of one times every channel of the other, averaged over space."""
    total = left.flatten(2) @ right.flatten(2).transpose(1, 2)
    return total / (left.shape[2] * left.shape[3])
`,
  uses: [in_float32],
}

export const parameter: PythonHelper = {
  name: 'parameter',
  code: `def parameter(*shape: int, value: float = 0, deviation: float = 0) -> nn.Parameter:
    """Begins at one value, or at values drawn from a normal distribution around 0."""
    tensor = torch.full(shape, float(value))
    return nn.Parameter(tensor.normal_(0, deviation) if deviation > 0 else tensor)
`,
}

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
}

export const resize: PythonHelper = {
  name: 'resize',
  code: `@in_float32
def resize(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """Feature maps at another height and width: bilinear, half-pixel centres."""
    return F.interpolate(x, size, mode="bilinear", align_corners=False)
`,
  uses: [in_float32],
}

export const resize_map: PythonHelper = {
  name: 'resize_map',
  code: `@in_float32
def resize_map(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """A single map, [batch, height, width], at another height and width."""
    maps = x.unsqueeze(1)
    large = F.interpolate(maps, size, mode="bilinear", align_corners=False)
    return large.squeeze(1)
`,
  uses: [in_float32],
}

export const signed_sqrt: PythonHelper = {
  name: 'signed_sqrt',
  code: `@in_float32
def signed_sqrt(x: Tensor, eps: float = 1e-12) -> Tensor:
    """The square root of the absolute value, with the sign kept."""
    return x.sign() * (x.abs() + eps).sqrt()
`,
  uses: [in_float32],
}

export const trilinear_attention: PythonHelper = {
  name: 'trilinear_attention',
  code: `@in_float32
def trilinear_attention(x: Tensor, scale: float = 7) -> Tensor:
    """Each map a mixture of the channels that look at the same things."""
    rows = x.flatten(2)
    relation = F.softmax(rows * scale, 2) @ rows.transpose(1, 2)
    return (F.softmax(relation, 2) @ rows).view_as(x)
`,
  uses: [in_float32],
}
