// Written by `npm run docs` from drop_sampler.py.
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { draw } from './draw.js'
import { in_float32 } from './precision.js'

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
  imports: [
    { module: 'torch.nn.functional', alias: 'F' },
    { module: 'torch', name: 'Tensor' },
  ],
}
