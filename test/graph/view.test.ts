import test from 'ava'
import fc from 'fast-check'
import { inImage, viewOf, wholeImage } from '../../compiler/graph/view.js'
import { centerCrop } from '../../runtime/images/changes.js'

const step = (name: string, size: number) => ({ name, arguments: { size } })

test('what a model sees of an image', (t) => {
  t.deepEqual(viewOf([step('resize', 448)]), wholeImage)
  t.deepEqual(viewOf([step('resize', 512), step('center_crop', 448)]), { offset: 0.0625, share: 0.875 })
  t.deepEqual(viewOf([step('resize', 512), step('center_crop', 448), step('resize', 224)]), {
    offset: 0.0625,
    share: 0.875,
  })
})

test('a pixel of the view is the pixel of the image that the crop took', (t) => {
  const sizes = fc.integer({ min: 2, max: 60 }).chain((before) =>
    fc.record({
      before: fc.constant(before),
      after: fc.integer({ min: 1, max: before }),
    }),
  )
  fc.assert(
    fc.property(sizes, ({ before, after }) => {
      const data = Uint8Array.from({ length: before * before * 3 }, (_, i) => Math.floor(i / 3) % before)
      const cut = centerCrop({ width: before, height: before, data }, after)
      const view = viewOf([step('resize', before), step('center_crop', after)])
      const ends = [0, after - 1].map((column) => inImage((column + 0.5) / after, view) * before - 0.5)
      return ends.every((place, i) => Math.abs(place - (cut.data[[0, (after - 1) * 3][i] ?? 0] ?? -1)) < 1e-4)
    }),
    { seed: 1 },
  )
  t.pass()
})
