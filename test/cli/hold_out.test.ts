import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { RunFolder } from '../../runtime/runs/folder.js'
import { json, wsbanIn } from '../support/commands.js'
import { drawShapes } from '../support/shapes.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-hold-out-'))
const wsban = wsbanIn(folder)
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
test.before(() => drawShapes(join(folder, 'shapes')))

const photos = join('shapes', 'train')
const evaluated = z.object({ images: z.number() })

function train(run: string, ...more: readonly string[]) {
  return wsban('train', 'baseline_tiny', '--data', photos, '-o', run, '--set', 'size=32', '--epochs', '1', ...more)
}

test.serial('a share of each class is held out, and every command that reads the run holds out the same', async (t) => {
  const { status, err } = train('half', '--hold-out', '50%')
  t.is(status, 0, err)
  t.regex(err, /50 % of each class held out from train \(8 images, seed 1\)/)
  t.regex(err, /8 training images, 8 validation images/)
  t.is((await RunFolder.open(join(folder, 'half'))).info.holdOut, 0.5)
  t.is(evaluated.parse(json(wsban('evaluate', 'half', '--json'))).images, 8)
  t.is(wsban('export', 'half', '-o', 'half.onnx').status, 0)
  t.is(evaluated.parse(json(wsban('evaluate', 'half.onnx', '--data', photos, '--json'))).images, 8)
  const resumed = wsban('train', '--resume', '-o', 'half', '--epochs', '2')
  t.regex(resumed.err, /8 training images, 8 validation images/)
})

test.serial('with a share of 0 all images are trained on, and there is nothing to evaluate but another split', (t) => {
  const { status, err, out } = train('all', '--hold-out', '0')
  t.is(status, 0, err)
  t.regex(err, /16 training images, 0 validation images/)
  t.notRegex(out, /top-1/)
  const refused = wsban('evaluate', 'all')
  t.is(refused.status, 1)
  t.regex(refused.err, /no val images/)
  t.is(evaluated.parse(json(wsban('evaluate', 'all', '--data', join('shapes', 'val'), '--json'))).images, 6)
})

test('a share that leaves nothing to train on is refused', (t) => {
  for (const share of ['1', '100%', '-0.1', 'some']) t.is(train('refused', `--hold-out=${share}`).status, 2, share)
})
