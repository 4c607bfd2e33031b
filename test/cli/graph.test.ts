import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import sharp from 'sharp'
import { packageRoot } from '../../runtime/package_root.js'
import { json, wsbanIn } from '../support/commands.js'
import { writeFewBirds } from '../support/few_birds.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-graph-'))
const wsban = wsbanIn(folder)
const tiny = join(packageRoot(), 'models', 'wsban_tiny.wsban')
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test('an image is written as its file is called', (t) => {
  t.is(wsban('graph', tiny, '-o', 'a.svg', '--theme', 'light', '--set', 'maps=5').status, 0)
  const svg = readFileSync(join(folder, 'a.svg'), 'utf8')
  t.true(svg.startsWith('<svg ') && svg.includes('5 \u00d7 12 \u00d7 12') && !svg.includes('prefers-color-scheme'))
  t.is(wsban('graph', tiny, '-o', 'a.json').status, 0)
  t.is(JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')).model, 'wsban_tiny')
  const dot = wsban('graph', tiny)
  t.deepEqual([dot.status, dot.out.split('\n')[0]], [0, 'digraph "wsban_tiny" {'])
  t.true(json(wsban('graph', tiny, '--json')).ok)
  t.is(wsban('graph', tiny, '-o', 'a.gif').status, 2)
})

test('figures for print are one column wide, the same each time, and hold their typeface', async (t) => {
  const column = (output: string) => wsban('graph', tiny, '-o', output, '--column')
  t.regex(column('column.pdf').err, /letters have \d\.\d points in a column of 8\.25 cm/)
  const pdf = readFileSync(join(folder, 'column.pdf'))
  const text = pdf.toString('latin1')
  t.true(text.startsWith('%PDF-') && text.includes('/FontFile') && text.includes('Arimo'), 'an embedded typeface')
  const [, width = ''] = /\/MediaBox \[0 0 ([\d.]+)/.exec(text) ?? []
  t.true(Number(width) > 150 && Number(width) <= (8.25 / 2.54) * 72 + 0.01, width)
  t.is(column('again.pdf').status, 0)
  t.deepEqual(readFileSync(join(folder, 'again.pdf')), pdf)
  t.is(column('column.svg').status, 0)
  t.regex(readFileSync(join(folder, 'column.svg'), 'utf8'), /^<svg [^>]*width="[\d.]+cm"/)
  t.is(column('column.png').status, 0)
  t.true(((await sharp(join(folder, 'column.png')).metadata()).width ?? 0) > 1200, '600 dots an inch')
  for (const usage of [['--column'], ['-o', 'a.dot', '--column'], ['-o', 'a.svg', '--column', '--direction', 'down']])
    t.is(wsban('graph', tiny, ...usage).status, 2, usage.join(' '))
})

test('a photo is shown in the figure of a run: the image, its maps and its crop', async (t) => {
  const photo = join(folder, 'photo.png')
  const spots = Uint8Array.from({ length: 96 * 96 * 3 }, (_, index) => (index * 7919) % 256)
  await sharp(spots, { raw: { width: 96, height: 96, channels: 3 } })
    .png()
    .toFile(photo)
  await writeFewBirds(join(folder, 'birds'), { train: 2, val: 1 })
  const trained = wsban('train', 'wsban_tiny', '--data', 'birds', '-o', 'run', '--epochs', '1', '--set', 'size=32')
  t.is(trained.status, 0, trained.err)
  const run = 'run'
  const drawn = wsban('graph', run, '-o', 'photo.svg', '--image', photo)
  t.is(drawn.status, 0, drawn.err)
  const boxes = readFileSync(join(folder, 'photo.svg'), 'utf8').split('<g class="box ').slice(1)
  const thumbnails = boxes.filter((box) => box.includes('<image ')).map((box) => /data-name="([^"]*)"/.exec(box)?.[1])
  t.deepEqual(thumbnails, ['image', 'master.trunk', 'master.attention', 'crop'])
  const [, png = ''] = /base64,([^"]+)/.exec(boxes[0] ?? '') ?? []
  // The first thumbnail is the photo itself, scaled.
  const [shown, given] = await Promise.all(
    [Buffer.from(png, 'base64'), await sharp(photo).resize(32, 32).toBuffer()].map(
      async (image) => (await sharp(image).stats()).channels,
    ),
  )
  for (const [channel, { mean }] of (shown ?? []).entries())
    t.true(Math.abs(mean - (given?.[channel]?.mean ?? 0)) < 1.5, `channel ${channel}`)
  t.is(wsban('graph', run, '-o', 'photo.pdf', '--column', '--image', photo).status, 0)
  t.is(wsban('graph', run, '-o', 'photo.png', '--image', photo).status, 0)
  t.is((await sharp(join(folder, 'photo.png')).metadata()).format, 'png')
  const untrained = wsban('graph', tiny, '-o', 'photo.svg', '--image', photo)
  t.is(untrained.status, 2)
  t.regex(untrained.err, /no trained weights/)
  t.is(wsban('graph', run, '--image', photo).status, 2)
})
