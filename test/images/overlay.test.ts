import test from 'ava'
import { drawOverlay } from '../../runtime/images/overlay.js'
import { sharp } from '../support/sharp.js'

const grey = { width: 120, height: 80, data: new Uint8Array(120 * 80 * 3).fill(128) }
const marks = {
  attention: Float32Array.from([0, 0, 0, 1]),
  h: 2,
  w: 2,
  box: { y1: 0.5, x1: 0.5, y2: 1, x2: 1 },
}

async function pixels(png: Uint8Array) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  checkSize(info)
  return (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)]
}

function checkSize({ width, height }: { width: number; height: number }): void {
  if (width !== 120 || height !== 80) throw new Error(`${width} x ${height}`)
}

test('the heat lies where the map is strong, the box around its part, the rest as it was', async (t) => {
  const at = await pixels(await drawOverlay(grey, marks))
  t.deepEqual(at(5, 5), [128, 128, 128])
  const [red = 0, , blue = 0] = at(110, 70)
  t.true(red > 180 && red > blue, `${at(110, 70)}`)
  const line = Array.from({ length: 12 }, (_, i) => at(56 + i, 60)).flat()
  t.true(Math.max(...line) > 230, 'a white line on its left side')
})

test('a map of a part of the image lies on that part', async (t) => {
  const everywhere = { ...marks, attention: new Float32Array(4).fill(1), view: { offset: 0.25, share: 0.5 } }
  const at = await pixels(await drawOverlay(grey, everywhere))
  t.deepEqual(at(5, 5), [128, 128, 128])
  t.deepEqual(at(25, 40), [128, 128, 128])
  t.deepEqual(at(115, 15), [128, 128, 128])
  const [red = 0, , blue = 0] = at(40, 30)
  t.true(red > blue + 20, `${at(40, 30)}`)
})

test('a map of zeros leaves the image, a true box is green', async (t) => {
  const truth = { y1: 0.25, x1: 0.25, y2: 0.75, x2: 0.75 }
  const whole = { y1: 0, x1: 0, y2: 1, x2: 1 }
  const at = await pixels(await drawOverlay(grey, { ...marks, attention: new Float32Array(4), box: whole, truth }))
  t.deepEqual(at(60, 40), [128, 128, 128])
  const green = Array.from({ length: 60 * 12 }, (_, i) => at(30 + (i % 60), 16 + Math.floor(i / 60))).filter(
    ([r = 0, g = 0, b = 0]) => g > r + 40 && g > b + 40,
  )
  t.true(green.length > 10)
})
