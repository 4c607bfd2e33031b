import type { Evaluation } from '../../call.js'
import { at, size, sizes4, type Tensor, zeros } from '../../support/tensor.js'
import { reader } from '../../support/windows.js'
import { boundedDensities, outputSize, placesByDensity } from './density.js'

/** Returns the sampled images. */
export function reference(call: Evaluation): readonly Tensor[] {
  const image = call.tensor('image')
  const guide = call.tensor('guide')
  const [batch, channels, height, width] = sizes4(image)
  const [rows, columns] = [size(guide, 1), size(guide, 2)]
  const [toHeight, toWidth] = outputSize(call)
  const read = reader(image)
  const out = zeros([batch, channels, toHeight, toWidth])
  let index = 0
  for (let b = 0; b < batch; b++) {
    const value = (y: number, x: number) => at(guide, (b * rows + y) * columns + x)
    const byRow = Array.from({ length: rows }, (_, y) =>
      Math.max(...Array.from({ length: columns }, (_, x) => value(y, x))),
    )
    const byColumn = Array.from({ length: columns }, (_, x) =>
      Math.max(...Array.from({ length: rows }, (_, y) => value(y, x))),
    )
    const axes = call.word('axes') === 'independent' ? 'independent' : 'balanced'
    const [rowDensity, columnDensity] = boundedDensities(byRow, byColumn, call.number('density'), axes)
    const ys = placesByDensity(rowDensity, toHeight).map((place) => pixel(place, height))
    const xs = placesByDensity(columnDensity, toWidth).map((place) => pixel(place, width))
    for (let c = 0; c < channels; c++)
      for (const y of ys)
        for (const x of xs) {
          const along = (row: number) => read(b, c, row, x.low) * (1 - x.share) + read(b, c, row, x.high) * x.share
          out.data[index++] = along(y.low) * (1 - y.share) + along(y.high) * y.share
        }
  }
  return [out]
}

/** Half-pixel centres; outside, the border value is repeated. */
function pixel(place: number, length: number) {
  const centre = Math.min(length - 1, Math.max(0, place * length - 0.5))
  const low = Math.floor(centre)
  return { low, high: Math.min(low + 1, length - 1), share: centre - low }
}
