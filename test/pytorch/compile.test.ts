import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { className } from '../../compiler/targets/pytorch/python.js'
import { writeTarget } from '../../runtime/export/target.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileText } from '../../runtime/specs/spec.js'
import { readSpec } from '../../runtime/specs/spec_file.js'
import { deterministicTiny } from '../support/deterministic_tiny.js'
import { lacksModules, runPython, skipped } from '../support/python.js'

const found = z.object({
  training: z.array(z.string()),
  evaluation: z.array(z.string()),
  apart: z.object({ answers: z.number(), moved: z.number(), gradients: z.number(), evaluated: z.number() }),
})

const folder = mkdtempSync(join(tmpdir(), 'wsban-compiled-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const path = (model: string) => join(packageRoot(), 'models', `${model}.wsban`)
/** aot_eager runs the traced forward and backward graphs with torch's kernels; inductor generates kernels and draws other random numbers. */
const subjects = [
  { model: 'wsban_tiny', text: readSpec(path('wsban_tiny')), backend: 'aot_eager', tolerance: 1e-6 },
  { model: 'wsdan_tiny', text: readSpec(path('wsdan_tiny')), backend: 'aot_eager', tolerance: 1e-6 },
  // Rounding only: the sampler amplifies a difference of 2e-7 in the maps to 1e-3 of the largest gradient. In double precision all are equal.
  { model: 'tasn_tiny', text: readSpec(path('tasn_tiny')), backend: 'aot_eager', tolerance: 1e-2 },
  { model: 'wsban_tiny', text: deterministicTiny, backend: 'inductor', tolerance: 1e-4 },
]

for (const { model, text, backend, tolerance } of subjects)
  test.serial(
    `torch.compile has all of ${model} in one graph, losses and crop with it, and learns the same: ${backend}`,
    async (t) => {
      const lacking = lacksModules('torch', 'safetensors')
      if (skipped(t, lacking)) return
      const spec = compileText(path(model), text)
      const { graph } = spec
      if (!graph) throw new Error(`${model} does not compile`)
      const place = join(folder, `${model} ${backend}`)
      await writeTarget({ ...spec, graph }, { target: 'pytorch', out: place, seed: 1 })
      const script = join(packageRoot(), 'test', 'pytorch', 'run_compiled.py')
      const asked = [script, place, className([graph.name]), String(graph.image.height), backend]
      const { training, evaluation, apart } = found.parse(JSON.parse(runPython(asked)))
      t.deepEqual({ training, evaluation }, { training: [], evaluation: [] })
      const summary = Object.entries(apart).map(([what, difference]) => `${what} ${difference.toExponential(1)}`)
      t.log(summary.join(', '))
      t.true(
        Object.values(apart).every((difference) => difference <= tolerance),
        summary.join(', '),
      )
    },
  )
