import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { packageRoot } from '../../runtime/package_root.js'
import { type Result, wsbanIn } from '../support/commands.js'
import { drawShapes } from '../support/shapes.js'
import { sharp } from '../support/sharp.js'

/** Commands must not overwrite files of others that have the names of their outputs. */
const folder = mkdtempSync(join(tmpdir(), 'wsban others '))
const wsban = wsbanIn(folder)
const tiny = join(packageRoot(), 'models', 'wsban_tiny.wsban')

test.before(async (t) => {
  const blank = sharp({ create: { width: 90, height: 70, channels: 3, background: '#888' } })
  for (const name of ['a', 'a-2'])
    await blank
      .clone()
      .png()
      .toFile(join(folder, `${name}.png`))
  mkdirSync(join(folder, 'other'))
  await blank
    .clone()
    .png()
    .toFile(join(folder, 'other', 'a.png'))
  const exported = wsban('export', tiny, '-o', 'tiny.onnx')
  t.is(exported.status, 0, exported.err)
})

test.after.always(() => rmSync(folder, { recursive: true, force: true }))

function place(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

function refused(t: ExecutionContext, { status, err }: Result, file: string, text: string): void {
  t.not(status, 0, err)
  t.regex(err, /wsban did not write/)
  t.is(readFileSync(join(folder, file), 'utf8'), text, `${file} is as it was`)
}

const commands: readonly (readonly [args: readonly string[], out: string, file: string])[] = [
  [['compile', tiny, '--target', 'pytorch', '-o'], 'pytorch', 'train.py'],
  [['compile', tiny, '--target', 'tfjs', '-o'], 'tfjs', 'package.json'],
  [['compile', tiny, '--target', 'onnx', '-o'], 'onnx', 'wsban_tiny.onnx'],
  [['export', tiny, '-o', 'page.onnx', '--page'], 'page', 'index.html'],
  [['predict', 'tiny.onnx', 'a.png', '--heatmaps'], 'seen', 'a.heatmap.png'],
]

for (const [args, out, file] of commands) {
  const [command, ...rest] = args
  const name = `${command} ${rest.at(-1)} ${out}`
  test.serial(`${name}: another's ${file} stays`, (t) => {
    place(join(out, file), 'theirs')
    refused(t, wsban(...args, out), join(out, file), 'theirs')
    t.is(readdirSync(join(folder, out)).length, 1, 'nothing else was written')
  })

  test.serial(`${name}: its own ${file} is written again, unless it was changed`, (t) => {
    const own = `own ${out}`
    for (let time = 0; time < 2; time++) {
      const { status, err } = wsban(...args, own)
      t.is(status, 0, err)
    }
    place(join(own, file), 'edited')
    refused(t, wsban(...args, own), join(own, file), 'edited')
  })

  test.serial(`${name}: no link is followed`, (t) => {
    if (process.platform === 'win32') return t.pass('links need rights there')
    const own = `linked ${out}`
    place(`target ${out}`, 'theirs')
    mkdirSync(join(folder, own))
    symlinkSync(join(folder, `target ${out}`), join(folder, own, file))
    refused(t, wsban(...args, own), `target ${out}`, 'theirs')
  })
}

test.serial('images of one name get heat maps of different names', (t) => {
  const { status, err } = wsban('predict', 'tiny.onnx', 'a.png', 'other/a.png', 'a-2.png', '--heatmaps', 'many')
  t.is(status, 0, err)
  const names = readdirSync(join(folder, 'many')).filter((name) => name.endsWith('.png'))
  t.deepEqual(names.sort(), ['a-2-2.heatmap.png', 'a-2.heatmap.png', 'a.heatmap.png'])
})

test.serial('a sample set to which something was added is not replaced', (t) => {
  const first = wsban('data', 'sample', '-o', 'birds')
  t.is(first.status, 0, first.err)
  place('birds/train/mine/1.jpg', 'mine')
  const again = wsban('data', 'sample', '-o', 'birds', '--seed', '2')
  t.is(again.status, 2)
  t.regex(again.err, /folder-not-empty[^\n]*mine/)
  rmSync(join(folder, 'birds', 'train', 'mine'), { recursive: true })
  if (process.platform !== 'win32') {
    symlinkSync(join(folder, 'other'), join(folder, 'birds', 'val', 'linked'))
    t.is(wsban('data', 'sample', '-o', 'birds').status, 2)
    rmSync(join(folder, 'birds', 'val', 'linked'))
  }
  t.is(wsban('data', 'sample', '-o', 'birds', '--seed', '2').status, 0)
  t.true(readdirSync(join(folder, 'other')).length > 0)
})

test.serial('a report replaces the one that wsban wrote, and nothing else', async (t) => {
  await drawShapes(join(folder, 'shapes'))
  t.is(wsban('train', tiny, '--data', 'shapes', '--epochs', '1', '-o', 'run').status, 0)
  for (let time = 0; time < 2; time++) t.is(wsban('report', 'run').status, 0)
  place('run/report.html', 'theirs')
  refused(t, wsban('report', 'run'), 'run/report.html', 'theirs')
  t.is(wsban('report', 'run', '-o', 'run/report.html').status, 0, 'a file that is named is written')
})

test.serial('init leaves what is there', (t) => {
  place('mine/model.wsban', 'theirs')
  t.is(wsban('init', 'mine').status, 2)
  t.is(readFileSync(join(folder, 'mine', 'model.wsban'), 'utf8'), 'theirs')
  place('mine2/README.md', 'theirs')
  t.is(wsban('init', 'mine2').status, 0)
  t.is(readFileSync(join(folder, 'mine2', 'README.md'), 'utf8'), 'theirs')
})
