import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { className } from '../../compiler/targets/pytorch/python.js'
import { writeTarget } from '../../runtime/export/target.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { lacksModules, runPython, skipped } from '../support/python.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-devices-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test('every model stays on the device that its images are on, in full and in mixed precision', async (t) => {
  if (skipped(t, lacksModules('torch', 'safetensors'))) return
  const models = join(packageRoot(), 'models')
  const asked: unknown[] = []
  for (const name of readdirSync(models).filter((file) => file.endsWith('.wsban'))) {
    const spec = compileFile(join(models, name))
    const { graph } = spec
    if (!graph) throw new Error(`${name} does not compile`)
    const place = join(folder, name)
    await writeTarget({ ...spec, graph }, { target: 'pytorch', out: place, seed: 1 })
    const { height, width } = graph.image
    const labels = graph.losses.length > 0 ? graph.labels.map(({ kind, size }) => (kind === 'Class' ? 0 : size)) : null
    asked.push([place, className([graph.name]), [3, height, width], labels])
  }
  const script = join(packageRoot(), 'test', 'pytorch', 'run_elsewhere.py')
  t.deepEqual(JSON.parse(runPython([script], JSON.stringify(asked))), {})
  t.log(`${asked.length} models`)
})
