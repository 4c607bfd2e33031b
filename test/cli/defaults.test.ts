import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { json, wsbanIn } from '../support/commands.js'
import { drawShapes } from '../support/shapes.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-defaults-'))
const project = join(folder, 'project')
const wsban = wsbanIn(project)

test.before(async () => {
  mkdirSync(project)
  await drawShapes(join(project, 'shapes'))
})
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const runOf = z.object({ run: z.string() })
const epochs = ['--epochs', '1', '--batch', '4']

test.serial('what is missing is asked for with a next step', (t) => {
  for (const [words, message] of [
    [['train'], /which model[\s\S]*wsban_lite/],
    [['train', 'wsban_tiny'], /which images[\s\S]*--data/],
    [['train', '--resume'], /there is no run here[\s\S]*wsban make/],
    [['evaluate'], /there is no run here/],
    [['report'], /there is no run here/],
    [['export'], /there is no run here/],
    [['verify'], /there is no run here/],
    [['predict', 'shapes'], /there is no run here/],
    [['evaluate', 'wsban_tiny'], /which images\?/],
    [['verify', 'shapes/none.onnx'], /which run or spec/],
  ] as const) {
    const { status, err } = wsban(...words)
    t.is(status, 2, err)
    t.regex(err, message)
  }
})

test.serial('a run gets a name of its own, and everything after it needs no path', (t) => {
  const [first, second] = [1, 2].map(() => wsban('train', 'wsban_tiny', '--data', 'shapes', ...epochs, '--json'))
  t.is(first && runOf.parse(json(first)).run, join('runs', 'wsban_tiny-1'))
  t.is(second && runOf.parse(json(second)).run, join('runs', 'wsban_tiny-2'))

  const resumed = wsban('train', '--resume', '--epochs', '2')
  t.is(resumed.status, 0, resumed.err)
  t.regex(resumed.err, /run: runs.wsban_tiny-2, the last one here/)
  t.regex(resumed.out, /next: wsban report runs.wsban_tiny-2/)

  const evaluated = wsban('evaluate')
  t.is(evaluated.status, 0, evaluated.err)
  t.regex(evaluated.err, /images: shapes, as in training/)
  t.is(wsban('report').status, 0)
  const exported = wsban('export')
  t.is(exported.status, 0, exported.err)
  const [model, report] = ['model.onnx', 'report.html'].map((file) => join('runs', 'wsban_tiny-2', file))
  t.true([model, report].every((file) => file !== undefined && existsSync(join(project, file))))
  t.is(wsban('verify').status, 0)
  t.is(wsban('export').status, 0, 'its own file is replaced')
  writeFileSync(join(project, model ?? ''), 'mine')
  t.regex(wsban('export').err, /file-exists/)
  t.is(readFileSync(join(project, model ?? ''), 'utf8'), 'mine')
})

test.serial('a spec is exported beside, and never over a file that is there', (t) => {
  t.is(wsban('export', 'wsban_tiny').status, 0)
  t.true(existsSync(join(project, 'wsban_tiny.onnx')))
  t.regex(wsban('export', 'wsban_tiny').err, /file-exists[\s\S]*-o wsban_tiny.onnx/)
})

test.serial('a project that was moved finds its images, from any folder', (t) => {
  const moved = join(folder, 'moved')
  renameSync(project, moved)
  try {
    const { status, err } = wsbanIn(folder)('evaluate', join('moved', 'runs', 'wsban_tiny-2'))
    t.is(status, 0, err)
    t.true(err.includes(`images: ${join('moved', 'shapes')}, as in training`), err)
  } finally {
    renameSync(moved, project)
  }
})

test.serial('predict takes folders, and gives a table, sorted copies and a summary', (t) => {
  writeFileSync(join(project, 'shapes', 'val', 'broken.jpg'), 'no image')
  const images = readdirSync(join(project, 'shapes', 'val'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.jpg'),
  )
  const predicted = wsban(
    'predict',
    join('shapes', 'val'),
    '--csv',
    'table.csv',
    '--sort-into',
    'sorted',
    '--tta',
    'flip',
  )
  t.is(predicted.status, 1, 'one image cannot be read')
  t.true(
    predicted.err.includes(`1 of ${images.length} images could not be read: ${join('shapes', 'val', 'broken.jpg')}`),
  )
  t.regex(predicted.out, new RegExp(`${images.length - 1} images in [\\d:]+ \\([\\d.]+ images/s\\)`))
  const [header, ...rows] = readFileSync(join(project, 'table.csv'), 'utf8').trimEnd().split('\r\n')
  t.is(header, 'path,known,label,probability,label_2,probability_2,label_master,label_part,y1,x1,y2,x2')
  t.is(rows.length, images.length - 1)
  const sorted = () =>
    readdirSync(join(project, 'sorted'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jpg'))
  t.is(sorted().length, images.length - 1)
  wsban('predict', join('shapes', 'val'), '--sort-into', 'sorted', '--quiet')
  t.true(sorted().length <= 2 * (images.length - 1), 'copies of the same images are made once')
  const again = sorted().length
  wsban('predict', join('shapes', 'val'), '--sort-into', 'sorted', '--quiet')
  t.is(sorted().length, again)

  t.is(wsban('predict', join('shapes', 'train'), '--sort-into', 'linked', '--links').status, 0)
  const [link = ''] = readdirSync(join(project, 'linked'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.jpg'),
  )
  t.true(existsSync(join(project, 'linked', link)))
  t.regex(readlinkSync(join(project, 'linked', link)), /shapes/)
})

test.serial('mirroring the image leaves the answer to its mirror image as it is', (t) => {
  const image = join('shapes', 'val', 'red "disc"', '1.jpg')
  const probabilities = (...flags: readonly string[]) =>
    z
      .object({ predictions: z.array(z.object({ classes: z.array(z.object({ probability: z.number() })) })) })
      .parse(json(wsban('predict', image, '--json', ...flags))).predictions[0]?.classes
  const [plain, flipped] = [probabilities(), probabilities('--tta', 'flip')]
  t.notDeepEqual(plain, flipped)
  t.true(Math.abs((flipped ?? []).reduce((sum, { probability }) => sum + probability, 0) - 1) < 1e-5)
})
