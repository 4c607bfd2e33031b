import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { z } from 'zod'
import { className } from '../../compiler/targets/pytorch/python.js'
import { writeTarget } from '../../runtime/export/target.js'
import { packageRoot } from '../../runtime/package-root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { lacksModules, runPython, skipped } from '../support/python.js'

const counted = z.object({ training: z.array(z.string()), evaluation: z.array(z.string()) })

const folder = mkdtempSync(join(tmpdir(), 'wsban-breaks-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

for (const name of ['wsban_tiny', 'wsdan_tiny', 'tasn_tiny'])
  test.serial(`torch.compile has all of ${name} in one graph, losses and crop with it`, async (t) => {
    const lacking = lacksModules('torch', 'safetensors')
    if (skipped(t, lacking)) return
    const spec = compileFile(join(packageRoot(), 'models', `${name}.wsban`))
    const { graph } = spec
    if (!graph) throw new Error(`${name} does not compile`)
    const place = join(folder, name)
    await writeTarget({ ...spec, graph }, { target: 'pytorch', out: place, seed: 1 })
    const script = join(packageRoot(), 'test', 'pytorch', 'run_breaks.py')
    const asked = [script, place, className([graph.name]), String(graph.image.height)]
    t.deepEqual(counted.parse(JSON.parse(runPython(asked))), { training: [], evaluation: [] })
  })
