import { elementAt } from '../../../../grammar/present.js'
import type { Evaluation } from '../../call.js'
import { size, sizes4, type Tensor, tensor, zeros } from '../../support/tensor.js'
import { reader } from '../../support/windows.js'
import { type Box, boxOfMap, cellsOf } from './components.js'

/** Returns the crops and their boxes. */
export function reference(call: Evaluation): readonly Tensor[] {
  const image = call.tensor('image')
  const guide = call.tensor('guide')
  const [batch, height, width] = [size(guide, 0), size(guide, 1), size(guide, 2)]
  const random = call.random()
  const region = call.word('region') === 'all' ? 'all' : 'largest'
  const boxes = Array.from({ length: batch }, (_, b) => {
    const map = guide.data.subarray(b * height * width, (b + 1) * height * width)
    return boxOfMap(map, height, width, {
      threshold: call.draw('threshold', random),
      region,
      margin: call.number('margin'),
      cells: cellsOf(call.word('resolution'), image.shape.slice(2), [height, width]),
    })
  })
  return [crop(image, boxes), tensor([batch, 4], boxes.flat())]
}

/** TensorFlow's cropAndResize, bilinear, to the image's own size. */
function crop(image: Tensor, boxes: readonly Box[]): Tensor {
  const [batch, channels, height, width] = sizes4(image)
  const read = reader(image)
  const out = zeros(image.shape)
  let index = 0
  for (let b = 0; b < batch; b++) {
    const [y1, x1, y2, x2] = elementAt(boxes, b)
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < height; i++)
        for (let j = 0; j < width; j++) {
          const y = place(i, height, y1, y2)
          const x = place(j, width, x1, x2)
          const [top, left] = [Math.floor(y), Math.floor(x)]
          const [bottom, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)]
          const along = (row: number) => read(b, c, row, left) * (1 - (x - left)) + read(b, c, row, right) * (x - left)
          out.data[index++] = along(top) * (1 - (y - top)) + along(bottom) * (y - top)
        }
  }
  return out
}

/** The position of output pixel i in the image; a side of one pixel samples the centre of the box. */
function place(i: number, length: number, from: number, to: number): number {
  const at =
    length > 1
      ? from * (length - 1) + (i * (to - from) * (length - 1)) / (length - 1)
      : 0.5 * (from + to) * (length - 1)
  return Math.min(length - 1, Math.max(0, at))
}
