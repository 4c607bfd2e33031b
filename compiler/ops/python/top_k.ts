// Written by `npm run docs` from top_k.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'

export const TopK: PythonHelper = {
  name: 'TopK',
  code: `class TopK(NamedTuple):
    """The largest values in descending order, and their indices."""

    values: Tensor
    indices: Tensor
`,
  imports: [
    { module: 'typing', name: 'NamedTuple' },
    { module: 'torch', name: 'Tensor' },
  ],
}

export const top_k: PythonHelper = {
  name: 'top_k',
  code: `def top_k(x: Tensor, k: int, axis: int) -> TopK:
    """Of equal values the first ones are taken, which torch.topk does not promise.

    ONNX's TopK does, and its exporter knows no stable sort.
    """
    dtype = torch.promote_types(x.dtype, torch.float32)
    if torch.compiler.is_exporting():
        largest = torch.topk(x.to(dtype), k, axis)
        return TopK(largest.values, largest.indices.to(dtype))
    ranked = torch.sort(x.to(dtype), dim=axis, descending=True, stable=True)
    indices = ranked.indices.narrow(axis, 0, k).to(dtype)
    return TopK(ranked.values.narrow(axis, 0, k), indices)
`,
  uses: [TopK],
  imports: [{ module: 'torch' }, { module: 'torch', name: 'Tensor' }],
}
