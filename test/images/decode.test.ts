import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { annotationsOn } from '../../runtime/data/ground_truth.js'
import { Failure } from '../../runtime/failure.js'
import { decodeImage } from '../../runtime/images/decode.js'
import { resizeImage } from '../../runtime/images/resize.js'
import type { RgbImage } from '../../runtime/images/rgb_image.js'
import { drawSvg } from '../../runtime/images/sharp.js'
import { packageRoot } from '../../runtime/package_root.js'
import { sharp } from '../support/sharp.js'

const fixtures = join(packageRoot(), 'test', 'images', 'fixtures')

/** Left half red, right half blue. */
function halves(width = 40, height = 20) {
  const data = Buffer.alloc(width * height * 3)
  for (let i = 0; i < width * height; i++) data[3 * i + (i % width < width / 2 ? 0 : 2)] = 255
  return sharp(data, { raw: { width, height, channels: 3 } })
}

function pixel(p: RgbImage, x: number, y: number): number[] {
  const i = (y * p.width + x) * 3
  return [...p.data.subarray(i, i + 3)]
}

function near(actual: readonly number[], wanted: readonly number[], tolerance = 6): boolean {
  return actual.length === wanted.length && actual.every((v, i) => Math.abs(v - (wanted[i] ?? 0)) <= tolerance)
}

for (const format of ['jpeg', 'png', 'webp', 'avif', 'tiff', 'gif'] as const) {
  test(`reads ${format}`, async (t) => {
    const image = await decodeImage(await halves().toFormat(format, { quality: 100 }).toBuffer())
    t.deepEqual([image.width, image.height, image.data.length], [40, 20, 2400])
    t.true(near(pixel(image, 5, 10), [255, 0, 0]), String(pixel(image, 5, 10)))
    t.true(near(pixel(image, 35, 10), [0, 0, 255]), String(pixel(image, 35, 10)))
  })
}

test('turns as EXIF says', async (t) => {
  const image = await decodeImage(await halves().withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer())
  t.deepEqual([image.width, image.height], [20, 40])
  t.true(near(pixel(image, 10, 5), [255, 0, 0]))
  t.true(near(pixel(image, 10, 35), [0, 0, 255]))
})

test('puts transparency on white', async (t) => {
  const clear = sharp({ create: { width: 4, height: 4, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
  t.deepEqual(pixel(await decodeImage(await clear.png().toBuffer()), 1, 1), [255, 255, 255])
})

test('makes grey, 16-bit, palette and CMYK images RGB of 8 bits', async (t) => {
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

test('transparency of any depth and kind is put on white', async (t) => {
  const half = Buffer.alloc(4 * 4 * 4, 0)
  for (let i = 3; i < half.length; i += 4) half[i] = 128
  const rgba = sharp(half, { raw: { width: 4, height: 4, channels: 4 } })
  const kinds = {
    'RGBA of 8 bits': rgba.clone().png(),
    'RGBA of 16 bits': rgba.clone().toColourspace('rgb16').png(),
    'grey and alpha': rgba.clone().toColourspace('b-w').png(),
    WebP: rgba.clone().webp({ lossless: true }),
    TIFF: rgba.clone().tiff({ compression: 'lzw' }),
  }
  for (const [name, made] of Object.entries(kinds)) {
    const bytes = await made.toBuffer()
    t.true((await sharp(bytes).metadata()).hasAlpha, name)
    // Half-transparent black on white.
    t.true(near(pixel(await decodeImage(bytes), 1, 1), [127, 127, 127], 1), name)
  }
  const palette = await rgba.clone().png({ palette: true }).toBuffer()
  t.true(near(pixel(await decodeImage(palette), 1, 1), [127, 127, 127], 3))
})

test('of a moving image the first frame counts', async (t) => {
  const frames = [255, 0].map((grey) => Buffer.alloc(20 * 10 * 3, grey))
  for (const format of ['gif', 'webp'] as const) {
    const moving = await sharp(Buffer.concat(frames), { raw: { width: 20, height: 20, channels: 3, pageHeight: 10 } })
      .toFormat(format, { delay: [100, 100] })
      .toBuffer()
    t.is((await sharp(moving, { animated: true }).metadata()).pages, 2)
    const image = await decodeImage(moving)
    t.deepEqual([image.width, image.height], [20, 10])
    t.true(near(pixel(image, 3, 3), [255, 255, 255]), format)
  }
})

test('CMYK as TIFF, and grey of 16 bits', async (t) => {
  const cmyk = await halves().toColourspace('cmyk').tiff().toBuffer()
  t.is((await sharp(cmyk).metadata()).space, 'cmyk')
  const [red = 0, , blue = 255] = pixel(await decodeImage(cmyk), 5, 5)
  t.true(red > 180 && blue < 100, `${red}, ${blue}`)

  const grey = Uint16Array.from({ length: 16 }, (_, i) => i * 4096)
  for (const format of ['png', 'tiff'] as const) {
    const deep = await sharp(grey, { raw: { width: 4, height: 4, channels: 1 } })
      .toColourspace('grey16')
      .toFormat(format, { compression: 'lzw' })
      .toBuffer()
    t.is((await sharp(deep).metadata()).depth, 'ushort', format)
    // The upper eight bits.
    const found = await decodeImage(deep)
    for (let i = 0; i < 16; i++)
      t.true(near(pixel(found, i % 4, i >> 2), [i * 16, i * 16, i * 16], 1), `${format} ${i}`)
  }
})

test('all eight ways an image may be turned', async (t) => {
  // Where the dark corner at the top left of the stored image is shown: left or right, top or bottom.
  const shown = [
    'left top',
    'right top',
    'right bottom',
    'left bottom',
    'left top',
    'right top',
    'right bottom',
    'left bottom',
  ]
  const stored = Buffer.alloc(40 * 20 * 3, 255)
  for (let y = 0; y < 6; y++) stored.fill(0, y * 120, y * 120 + 30)
  for (const [index, corner] of shown.entries()) {
    const orientation = index + 1
    const image = await decodeImage(
      await sharp(stored, { raw: { width: 40, height: 20, channels: 3 } })
        .withMetadata({ orientation })
        .jpeg({ quality: 100 })
        .toBuffer(),
    )
    t.deepEqual([image.width, image.height], orientation > 4 ? [20, 40] : [40, 20])
    const x = corner.startsWith('left') ? 1 : image.width - 2
    const y = corner.endsWith('top') ? 1 : image.height - 2
    t.true(near(pixel(image, x, y), [0, 0, 0], 20), `orientation ${orientation}: ${pixel(image, x, y)}`)
    t.is(image.orientation, orientation > 1 ? orientation : undefined)
  }
})

test('an image much larger than enough is reduced while it is read, turned and all; what is near enough is not', async (t) => {
  // A smooth slope: how it is filtered on the way makes no difference.
  const [width, height] = [400, 300]
  const slope = Buffer.from(
    Array.from({ length: width * height }, (_, i) => [(i % width) / 2, Math.floor(i / width) / 2, 90]).flat(),
  )
  const made = sharp(slope, { raw: { width, height, channels: 3 } })
  for (const format of ['jpeg', 'png', 'webp'] as const) {
    const bytes = await made.clone().withMetadata({ orientation: 6 }).toFormat(format, { quality: 100 }).toBuffer()
    const whole = await decodeImage(bytes)
    t.deepEqual([whole.width, whole.height, whole.whole], [300, 400, undefined])
    const reduced = await decodeImage(bytes, 'a', 60)
    t.deepEqual([reduced.width, reduced.height, reduced.whole], [60, 80, { width: 300, height: 400 }])
    const wanted = resizeImage(whole, 60, 80)
    const most = reduced.data.reduce((sum, value, i) => Math.max(sum, Math.abs(value - (wanted[i] ?? 0))), 0)
    t.true(most <= 4, `${format}: ${most}`)
    t.is((await decodeImage(bytes, 'a', 210)).width, 300)
    t.deepEqual(annotationsOn({ unit: 'pixels', box: { y1: 0, x1: 0, y2: 200, x2: 150 } }, reduced)?.box, {
      y1: 0,
      x1: 0,
      y2: 0.5,
      x2: 0.5,
    })
  }
})

test('what cannot be read is a failure that names the path and why', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wsban-decode-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const jpeg = await halves(200, 200).jpeg().toBuffer()
  const png = await halves(200, 200).png({ compressionLevel: 0 }).toBuffer()
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
  const files: Record<string, { bytes: Uint8Array | string; says: RegExp }> = {
    'empty.jpg': { bytes: '', says: /empty/ },
    'text.jpg': { bytes: 'not an image', says: /not one of JPEG, PNG/ },
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
  t.regex(missing?.message ?? '', /no such file/)

  const whole = join(folder, 'odd name [page=3] ünï.jpg')
  await writeFile(whole, jpeg)
  t.is((await decodeImage(whole)).width, 200)
})

test('an image of absurd size is refused before it is decoded', async (t) => {
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

/** A first box as AVIF has it, with these brands, and something else behind it. */
function isoFile(brands: readonly string[], rest: string): Buffer {
  const box = Buffer.from(`\0\0\0\0ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`, 'latin1')
  box.writeUInt32BE(box.length)
  return Buffer.concat([box, Buffer.from(rest)])
}

test('what is no image of these formats is refused, whatever it begins with or is called', async (t) => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
  const files: Readonly<Record<string, readonly [content: string | Buffer, says: RegExp]>> = {
    'SVG with the letters of AVIF': [`<!--ftyp-->${svg}`, /SVG/],
    'SVG behind a box of AVIF': [isoFile(['avif', 'mif1'], svg), /./],
    'SVG behind the signature of PNG': [Buffer.from(`\u0089PNG\r\n\u001a\n${svg}`, 'latin1'), /./],
    'SVG behind the signature of JPEG': [Buffer.from(`\u00ff\u00d8\u00ff${svg}`, 'latin1'), /./],
    'SVG behind the signature of GIF': [`GIF89a${svg}`, /./],
    'SVG behind the signature of TIFF': [`II*\0${svg}`, /./],
    HEIC: [isoFile(['heic', 'mif1', 'heic'], 'x'), /HEIC/],
    MP4: [isoFile(['isom', 'mp42'], 'x'), /film/],
    'a box longer than the file': [Buffer.from('\0\u00ff\0\0ftypavif\0\0\0\0', 'latin1'), /not one of/],
    PDF: ['%PDF-1.4\n%', /PDF/],
    PPM: ['P6\n1 1\n255\nabc', /not one of/],
    PFM: ['PF\n1 1\n-1.0\n', /not one of/],
    FITS: [`SIMPLE  =                    T${' '.repeat(2880)}`, /not one of/],
    Radiance: ['#?RADIANCE\n', /not one of/],
    OpenEXR: [Buffer.from([0x76, 0x2f, 0x31, 0x01, 2, 0, 0, 0]), /not one of/],
    NIfTI: [Buffer.concat([Buffer.from([0x5c, 1, 0, 0]), Buffer.alloc(340), Buffer.from('n+1\0')]), /not one of/],
    'a matrix': ['2 2\n1 2\n3 4\n', /not one of/],
    CSV: ['1,2\n3,4\n', /not one of/],
    BMP: ['BM1234', /BMP/],
    'JPEG 2000': [Buffer.from([0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 13, 10, 0x87, 10]), /not one of/],
    "libvips' own format": [Buffer.from([0xb6, 0xa6, 0xf2, 0x08, 0, 0, 0, 0]), /not one of/],
  }
  for (const [name, [content, says]] of Object.entries(files)) {
    const failure = await t.throwsAsync(
      decodeImage(Buffer.from(content), `${name}.avif`),
      { instanceOf: Failure },
      name,
    )
    t.is(failure?.problem.code, 'image-unreadable')
    t.regex(failure?.message ?? '', says, name)
  }
})

test('libvips runs no other loader, even asked directly', async (t) => {
  await decodeImage(await halves().png().toBuffer())
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
  await t.throwsAsync(sharp(Buffer.from(svg)).metadata())
  const ppm = join(tmpdir(), `wsban-${process.pid}.v`)
  await t.throwsAsync(sharp(ppm).metadata())
})

test.serial(
  'SVG behind the signature of another format is refused while wsban draws SVG of its own, too',
  async (t) => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    await drawSvg(async () => {
      for (const signature of ['GIF89a', 'II*\0', 'RIFF1234WEBP']) {
        const failure = await t.throwsAsync(decodeImage(Buffer.from(signature + svg), 'a'), { instanceOf: Failure })
        t.is(failure?.problem.code, 'image-unreadable')
      }
    })
  },
)

/** A TIFF of one row of pixels of 8 bits: red, green, blue, and two channels that it does not explain. */
function tiffOfFive(pixels: readonly (readonly number[])[]): Buffer {
  const channels = 5
  const short = 3
  const [entries, at] = [10, 8]
  const bits = at + 2 + entries * 12 + 4
  const strip = bits + channels * 2
  const fields = [
    [256, 1, pixels.length],
    [257, 1, 1],
    [258, channels, bits],
    [259, 1, 1],
    [262, 1, 2],
    [273, 1, strip],
    [277, 1, channels],
    [278, 1, 1],
    [279, 1, pixels.length * channels],
    [338, 2, 0],
  ] as const
  const bytes = Buffer.alloc(strip)
  bytes.write('II*\0')
  bytes.writeUInt32LE(at, 4)
  bytes.writeUInt16LE(entries, at)
  for (const [index, [tag, count, value]] of fields.entries()) {
    const entry = at + 2 + index * 12
    bytes.writeUInt16LE(tag, entry)
    bytes.writeUInt16LE(tag === 273 || tag === 279 ? 4 : short, entry + 2)
    bytes.writeUInt32LE(count, entry + 4)
    bytes.writeUInt32LE(value, entry + 8)
  }
  for (let channel = 0; channel < channels; channel++) bytes.writeUInt16LE(8, bits + 2 * channel)
  return Buffer.concat([bytes, Buffer.from(pixels.flat())])
}

test('a TIFF of more channels than colours and transparency is refused by their number', async (t) => {
  const pixels = [
    [200, 100, 50, 9, 255],
    [10, 20, 30, 9, 255],
  ]
  const failure = await t.throwsAsync(decodeImage(tiffOfFive(pixels), 'five.tiff'), { instanceOf: Failure })
  t.is(failure?.problem.code, 'image-unreadable')
  t.regex(failure?.message ?? '', /five\.tiff: it has 5 channels/)
})

// Alone in its process: the other tests call sharp directly, outside the turns that decoding takes.
test.serial('images that are broken in different ways and decoded side by side keep their own reasons', async (t) => {
  const whole = await halves(300, 300).jpeg().toBuffer()
  const png = await halves(300, 300).png({ compressionLevel: 0 }).toBuffer()
  const webp = await halves(300, 300).webp().toBuffer()
  const broken = [
    ...[0.3, 0.6, 0.9].map((share) => whole.subarray(0, whole.length * share)),
    ...[0.3, 0.6, 0.9].map((share) => png.subarray(0, png.length * share)),
    ...[0.3, 0.6, 0.9].map((share) => webp.subarray(0, webp.length * share)),
    whole.subarray(0, 20),
    png.subarray(0, 20),
    Buffer.from('GIF89a'),
  ]
  const reason = async (bytes: Buffer) =>
    decodeImage(bytes, 'a').then(
      () => 'read',
      (error: Error) => error.message,
    )
  const alone: string[] = []
  for (const bytes of broken) alone.push(await reason(bytes))
  for (let round = 0; round < 10; round++) t.deepEqual(await Promise.all(broken.map(reason)), alone)
})

for (const file of readdirSync(join(fixtures, 'formats')).filter((name) => !name.endsWith('.png')))
  test(`${file} is decoded as Pillow and pillow-heif do`, async (t) => {
    const path = join(fixtures, 'formats', file)
    const image = await decodeImage(path)
    const expected = await decodeImage(`${path}.png`)
    t.deepEqual([image.width, image.height], [expected.width, expected.height])
    // Channels of five bits are scaled with or without rounding; libheif converts colours with or without SIMD instructions.
    const most = image.data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (expected.data[i] ?? 0))), 0)
    t.true(most <= (file.startsWith('rgb5') ? 5 : file.endsWith('.heic') ? 2 : 1), `differs by ${most}`)
    const reduced = await decodeImage(path, path, 10)
    t.is(Math.min(reduced.width, reduced.height), 10)
    t.deepEqual(reduced.whole, { width: image.width, height: image.height })
  })

test('HEIC and BMP that are cut short or damaged are unreadable, with a reason', async (t) => {
  for (const file of ['plain.heic', 'rgb24.bmp', 'rle8.bmp', 'palette4.bmp', 'rgba32.bmp']) {
    const bytes = readFileSync(join(fixtures, 'formats', file))
    for (let length = 20; length < bytes.length - 4; length += 37) {
      const failure = await t.throwsAsync(decodeImage(bytes.subarray(0, length), file), { instanceOf: Failure })
      t.is(failure?.problem.code, 'image-unreadable', `${file} of ${length} bytes`)
    }
  }
  const wide = readFileSync(join(fixtures, 'formats', 'rle8.bmp'))
  wide.writeInt32LE(2 ** 30, 18)
  t.regex((await t.throwsAsync(decodeImage(wide)))?.message ?? '', /more than 134217728 pixels/)
})
