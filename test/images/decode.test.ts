import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import sharp from 'sharp'
import { Failure } from '../../runtime/failure.js'
import { decodeImage } from '../../runtime/images/decode.js'
import type { Picture } from '../../runtime/images/picture.js'

/** Left half red, right half blue. */
function halves(width = 40, height = 20) {
  const data = Buffer.alloc(width * height * 3)
  for (let i = 0; i < width * height; i++) data[3 * i + (i % width < width / 2 ? 0 : 2)] = 255
  return sharp(data, { raw: { width, height, channels: 3 } })
}

function pixel(p: Picture, x: number, y: number): number[] {
  const i = (y * p.width + x) * 3
  return [...p.data.subarray(i, i + 3)]
}

function near(actual: readonly number[], wanted: readonly number[], tolerance = 6): boolean {
  return actual.length === wanted.length && actual.every((v, i) => Math.abs(v - (wanted[i] ?? 0)) <= tolerance)
}

for (const format of ['jpeg', 'png', 'webp', 'avif', 'tiff', 'gif'] as const) {
  test(`reads ${format}`, async (t) => {
    const picture = await decodeImage(await halves().toFormat(format, { quality: 100 }).toBuffer())
    t.deepEqual([picture.width, picture.height, picture.data.length], [40, 20, 2400])
    t.true(near(pixel(picture, 5, 10), [255, 0, 0]), String(pixel(picture, 5, 10)))
    t.true(near(pixel(picture, 35, 10), [0, 0, 255]), String(pixel(picture, 35, 10)))
  })
}

test('turns as EXIF says', async (t) => {
  const picture = await decodeImage(await halves().withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer())
  t.deepEqual([picture.width, picture.height], [20, 40])
  t.true(near(pixel(picture, 10, 5), [255, 0, 0]))
  t.true(near(pixel(picture, 10, 35), [0, 0, 255]))
})

test('puts transparency on white', async (t) => {
  const clear = sharp({ create: { width: 4, height: 4, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
  t.deepEqual(pixel(await decodeImage(await clear.png().toBuffer()), 1, 1), [255, 255, 255])
})

test('makes grey, 16-bit, palette and CMYK pictures RGB of 8 bits', async (t) => {
  const grey = await halves().toColourspace('b-w').png().toBuffer()
  t.is((await sharp(grey).metadata()).channels, 1)
  const [r, g, b] = pixel(await decodeImage(grey), 3, 3)
  t.true(r === g && g === b && r !== undefined && r > 40 && r < 200)

  const deep = Uint16Array.from({ length: 48 }, () => 32768)
  const deepPng = await sharp(deep, { raw: { width: 4, height: 4, channels: 3 } })
    .toColourspace('rgb16')
    .png()
    .toBuffer()
  t.is((await sharp(deepPng).metadata()).depth, 'ushort')
  t.deepEqual(pixel(await decodeImage(deepPng), 1, 1), [128, 128, 128])

  const palette = await decodeImage(await halves().png({ palette: true }).toBuffer())
  t.true(near(pixel(palette, 5, 5), [255, 0, 0]))

  const cmyk = await halves().toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer()
  t.is((await sharp(cmyk).metadata()).channels, 4)
  const [red = 0, , blue = 255] = pixel(await decodeImage(cmyk), 5, 5)
  t.true(red > 180 && blue < 100, `${red}, ${blue}`)
})

test('what cannot be read is a failure that names the path and why', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wsban-decode-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const jpeg = await halves(200, 200).jpeg().toBuffer()
  const png = await halves(200, 200).png({ compressionLevel: 0 }).toBuffer()
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
  const files: Record<string, { bytes: Uint8Array | string; says: RegExp }> = {
    'empty.jpg': { bytes: '', says: /empty/ },
    'text.jpg': { bytes: 'not a picture', says: /not one of JPEG, PNG/ },
    'drawing.svg': { bytes: svg, says: /not one of/ },
    "cut 'short' [n=2].jpg": { bytes: jpeg.subarray(0, jpeg.length >> 1), says: /./ },
    'head.jpg': { bytes: jpeg.subarray(0, 4), says: /./ },
    'cut.png': { bytes: png.subarray(0, png.length >> 1), says: /./ },
  }
  for (const [name, { bytes, says }] of Object.entries(files)) {
    const path = join(folder, name)
    await writeFile(path, bytes)
    const failure = await t.throwsAsync(decodeImage(path), { instanceOf: Failure }, name)
    t.is(failure?.problem.code, 'image-unreadable')
    t.is(failure?.problem.path, path)
    t.true(failure?.message.includes(path))
    t.regex(failure?.message ?? '', says)
  }
  const missing = await t.throwsAsync(decodeImage(join(folder, 'missing.png')), { instanceOf: Failure })
  t.regex(missing?.message ?? '', /ENOENT/)

  const whole = join(folder, 'odd name [page=3] ünï.jpg')
  await writeFile(whole, jpeg)
  t.is((await decodeImage(whole)).width, 200)
})

test('a picture of absurd size is refused before it is decoded', async (t) => {
  // A PNG of 60000 x 60000 in its header and nothing behind it.
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
  png.writeUInt32BE(60000, 16)
  png.writeUInt32BE(60000, 20)
  const { crc32 } = await import('node:zlib')
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29)
  const failure = await t.throwsAsync(decodeImage(png, 'huge.png'), { instanceOf: Failure })
  t.regex(failure?.message ?? '', /huge\.png.*pixel limit/)
})
