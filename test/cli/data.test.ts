import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { packageRoot } from '../../runtime/package_root.js'
import { wsbanIn } from '../support/commands.js'
import { sharp } from '../support/sharp.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-data-'))
const wsban = wsbanIn(folder)
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const names = ['<b>red</b>, dark', 'blue "sky"', "it's $(green)"]
const colours = ['#a22', '#22a', '#2a2']

test.before(async (t) => {
  t.true(existsSync(join(packageRoot(), 'dist', 'cli', 'main.js')), 'npm run build comes first; npm test does it')
  mkdirSync(join(folder, 'set', 'images'), { recursive: true })
  const rows = ['path,label']
  for (const [label, background] of colours.entries())
    for (let i = 0; i < 10; i++) {
      const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const
      const over = await sharp({ create: { width: 50 + i, height: 40 + i, channels: 3, background, noise } })
        .tint(background)
        .png()
        .toBuffer()
      writeFileSync(join(folder, 'set', 'images', `${label}-${i}.png`), over)
      rows.push(`${label}-${i}.png,"${names[label]?.replaceAll('"', '""')}"`)
    }
  writeFileSync(join(folder, 'set', 'labels.csv'), `\uFEFF${rows.join('\r\n')}\r\n`)
})

const inspection = z.object({
  ok: z.boolean(),
  classes: z.array(z.string()),
  images: z.object({ train: z.number(), val: z.number(), test: z.number() }),
  findings: z.array(z.object({ code: z.string() })),
})

test.serial('inspect: a sound list, and one with a broken image and a double', (t) => {
  const sound = wsban('data', 'inspect', 'set', '--json')
  t.is(sound.status, 0, sound.err)
  const found = inspection.parse(JSON.parse(sound.out))
  t.deepEqual([found.ok, found.classes, found.images], [true, [...names].sort(), { train: 24, val: 6, test: 0 }])

  mkdirSync(join(folder, 'bad', 'train'), { recursive: true })
  for (const [place, from] of [
    ['train/a', '0-0'],
    ['train/b', '1-0'],
    ['val/a', '0-0'],
  ] as const) {
    mkdirSync(join(folder, 'bad', place), { recursive: true })
    writeFileSync(join(folder, 'bad', place, '1.png'), readFileSync(join(folder, 'set', 'images', `${from}.png`)))
  }
  writeFileSync(join(folder, 'bad', 'train', 'b', 'broken.jpg'), 'no image')
  const bad = wsban('data', 'inspect', 'bad')
  t.is(bad.status, 1)
  t.regex(bad.out, /error\[unreadable\].*1 of 3 train images/)
  t.regex(bad.out, /broken\.jpg: it is not one of JPEG/)
  t.regex(bad.out, /error\[same-across-splits\]/)
})

test.serial('training with 0 and with 2 workers is the same; strange class names stay names', (t) => {
  const train = (workers: number) => {
    const run = `run${workers}`
    const args = ['--data', 'set/labels.csv', '-o', run, '--epochs', '1', '--workers', String(workers), '--quiet']
    const trained = wsban('train', join(packageRoot(), 'models', 'wsban_tiny.wsban'), ...args, '--seed', '5')
    t.is(trained.status, 0, trained.err)
    const [weights] = readdirSync(join(folder, run), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.safetensors'),
    )
    return readFileSync(join(folder, run, weights ?? ''))
  }
  t.true(train(0).equals(train(2)))
  const evaluated = wsban('evaluate', 'run2', '--data', 'set/labels.csv')
  t.is(evaluated.status, 0, evaluated.err)
  for (const name of names) t.true(evaluated.out.includes(name))
  t.regex(evaluated.err, /20 % of each class held out from train \(6 images, seed 5\)/)
  t.is(wsban('export', 'run2', '-o', 'run2.onnx').status, 0)
  const exported = wsban('evaluate', 'run2.onnx', '--data', 'set/labels.csv', '--compare', 'run0')
  t.is(exported.status, 0, exported.err)
  t.regex(exported.err, /seed 5/)
  t.notRegex(exported.err, /another seed/)
  t.is(wsban('report', 'run2').status, 0)
  const page = readFileSync(join(folder, 'run2', 'report.html'), 'utf8')
  t.false(page.includes('<b>red'))
  t.true(page.includes('&lt;b&gt;red&lt;/b&gt;, dark'))
})

test.serial('evaluate uses all of a folder that is not the data set of the run, and says so', (t) => {
  const report = z.object({ split: z.string(), images: z.number() })
  for (const [label, name] of ['<b>red< b>, dark', 'blue "sky"'].entries()) {
    mkdirSync(join(folder, 'new', name), { recursive: true })
    for (const i of [0, 1, 2, 3])
      writeFileSync(
        join(folder, 'new', name, `${i}.png`),
        readFileSync(join(folder, 'set', 'images', `${label}-${i}.png`)),
      )
  }
  renameSync(join(folder, 'new', '<b>red< b>, dark'), join(folder, 'new', "it's $(green)"))
  for (const source of ['run2', 'run2.onnx']) {
    const other = wsban('evaluate', source, '--data', 'new', '--json')
    t.is(other.status, 0, other.err)
    t.like(report.parse(JSON.parse(other.out)), { split: 'all', images: 8 })
    t.regex(other.err, /new is not the data set that run2\S* was trained on: all 8 images are evaluated/)
    t.notRegex(other.err, /held out/)
    const own = wsban('evaluate', source, '--data', 'set', '--json')
    t.like(report.parse(JSON.parse(own.out)), { split: 'val', images: 6 })
    const whole = wsban('evaluate', source, '--data', 'set', '--split', 'all', '--json')
    t.like(report.parse(JSON.parse(whole.out)), { split: 'all', images: 30 })
    t.regex(whole.err, /with the images that run2\S* was trained on/)
  }
})

test.serial('doubt ranks labels, writes a list that the report links, and replaces no other list', (t) => {
  const answer = z.object({
    path: z.string(),
    images: z.number(),
    doubtful: z.array(z.object({ path: z.string(), margin: z.number() })),
  })
  const before = readFileSync(join(folder, 'set', 'labels.csv'))
  const found = wsban('data', 'doubt', 'run2', '--split', 'all', '--json')
  t.is(found.status, 0, found.err)
  t.regex(found.err, /has learned the labels of its training images/)
  const { images, doubtful } = answer.parse(JSON.parse(found.out))
  t.is(images, 30)
  const list = readFileSync(join(folder, 'run2', 'doubt.csv'), 'utf8')
    .trim()
    .split('\n')
  t.is(list[0], 'path,label,suggested,label_probability,suggested_probability,margin')
  t.is(list.length, doubtful.length + 1)
  t.is(wsban('report', 'run2').status, 0)
  const refused = wsban('data', 'doubt', 'run2', '-o', 'set/labels.csv')
  t.is(refused.status, 2)
  t.regex(refused.err, /error\[file-exists\].*no list that wsban data doubt wrote/)
  t.deepEqual(readFileSync(join(folder, 'set', 'labels.csv')), before)
  for (const _ of [1, 2]) {
    const val = wsban('data', 'doubt', 'run2', '-o', 'doubt of val.csv')
    t.is(val.status, 0, val.err)
    t.regex(val.out, /in doubt of 6 images \(val\)/)
  }
})

test.serial('too many unreadable images stop training, unless more are allowed', (t) => {
  for (let i = 0; i < 3; i++) writeFileSync(join(folder, 'set', 'images', `0-${i}.png`), 'no image')
  const train = (...more: readonly string[]) =>
    wsban(
      'train',
      join(packageRoot(), 'models', 'wsban_tiny.wsban'),
      ...['--data', 'set', '-o', `run${more.length}more`, '--epochs', '1'],
      ...more,
    )
  const stopped = train()
  t.is(stopped.status, 1)
  t.regex(stopped.err, /left out: cannot read the image .*0-\d\.png/)
  t.regex(stopped.err, /error\[images-unreadable\].*more than 5 %/)
  t.is(train('--max-unreadable', '40%').status, 0)
  const evaluated = wsban('evaluate', 'run2', '--data', 'set', '--split', 'train', '--max-unreadable', '7%')
  t.is(evaluated.status, 1)
  t.regex(evaluated.err, /error\[images-unreadable\].*more than 7 %/)
})
