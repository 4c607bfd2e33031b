import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { writeCubLayout } from '../../bench/papers/cub_layout.js'
import { packageRoot } from '../../runtime/package_root.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { main } from '../support/commands.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-kit-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

function reproduce(...args: readonly string[]) {
  const program = join(packageRoot(), 'bench', 'papers', 'reproduce.ts')
  return spawnSync(process.execPath, ['--import=tsx', program, ...args], { encoding: 'utf8', cwd: packageRoot() })
}

test('the reproduction kit trains on the whole training split of a benchmark and measures the test split, and continues', async (t) => {
  const cub = join(folder, 'cub')
  await writeCubLayout(cub, { train: 4, test: 2 })
  const out = join(folder, 'runs')
  const task = ['wsdan', '--dataset', 'cub', '--data', cub, '--out', out, '--seeds', '1,2', '--wsban', main]
  const trial = ['--engine', 'tfjs-node', '--model', 'wsdan_tiny', '--epochs', '1', '--set', 'size=32']
  const first = reproduce(...task, ...trial)
  t.is(first.status, 0, first.stderr)
  t.regex(first.stderr, /8 classes, 32 training images, 0 validation images/)
  t.regex(first.stdout, /WS-DAN on CUB-200-2011, 16 test images/)
  t.regex(first.stdout, /\| mean and deviation \|/)
  t.regex(first.stdout, /published \(paper; Hu et al\. 2019, arXiv 1901\.09891\): 89\.4/)
  t.is((await RunFolder.open(join(out, 'wsdan-cub-2'))).info.seed, 2)
  const second = reproduce(...task, ...trial)
  t.is(second.status, 0, second.stderr)
  t.is(second.stdout, first.stdout)
  t.is(reproduce('nothing').status, 2)
})
