// Written by `npm run docs` from cascade.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const Cascade: PythonHelper = {
  name: 'Cascade',
  code: `class Cascade(NamedTuple):
    """The selected probabilities [B, classes], and 1 for each image that kept the first ones."""

    probabilities: Tensor
    early: Tensor
`,
  imports: [
    { module: 'typing', name: 'NamedTuple' },
    { module: 'torch', name: 'Tensor' },
  ],
}

export const cascade: PythonHelper = {
  name: 'cascade',
  code: `def cascade(first: Tensor, second: Tensor, sure: float) -> Cascade:
    """The first prediction where its largest probability is at least \`sure\`, and the second elsewhere."""
    early = first.amax(1) >= sure
    return Cascade(torch.where(early[:, None], first, second), early.to(first.dtype))
`,
  uses: [Cascade],
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}

export const cascade_skipping: PythonHelper = {
  name: 'cascade_skipping',
  code: `def cascade_skipping(
    first: Tensor, sure: float, second: Callable[..., Tensor], *inputs: Tensor
) -> Cascade:
    """The same, with \`second\` computed for the other images alone; it takes their part of the inputs."""
    early = first.amax(1) >= sure
    unsure = (~early).nonzero().squeeze(1)
    if unsure.numel() == 0:
        return Cascade(first, early.to(first.dtype))
    # A tensor that all images share has a batch of 1.
    parts = [x if x.shape[0] == 1 else x.index_select(0, unsure) for x in inputs]
    other = second(*parts)
    dtype = torch.promote_types(first.dtype, other.dtype)
    selected = first.to(dtype).index_copy(0, unsure, other.to(dtype))
    return Cascade(selected, early.to(first.dtype))
`,
  uses: [Cascade],
  imports: [{ module: 'collections.abc', name: 'Callable' }, { module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
