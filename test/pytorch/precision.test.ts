import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { needsFloat32 } from '../../compiler/targets/pytorch/precision.js'
import { className } from '../../compiler/targets/pytorch/python.js'
import { writeTarget } from '../../runtime/export/target.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { lacksModules, runPython, skipped } from '../support/python.js'
import { all, answersOf, title } from './cases.js'

/** Both sides run the same float32 kernels. */
const tolerance = 1e-6
/** The error of two roundings to bfloat16. */
const rounding = 2 ** -7

const comparison = z.object({ apart: z.number(), types: z.array(z.string()) })
const results = z.array(z.object({ wide: comparison, narrow: comparison }))
const steps = z.object({
  apart: z.number(),
  types: z.array(z.string()),
  finite: z.boolean(),
  cosine: z.number(),
  boxes: z.number(),
})

const folder = mkdtempSync(join(tmpdir(), 'wsban-precision-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test.serial('under autocast operations that require float32 compute in it, and the others follow torch', (t) => {
  const lacking = lacksModules('torch')
  if (skipped(t, lacking)) return
  const asked = all.filter(({ operation }) => !operation.semantics?.lowPrecision)
  const found = results.parse(answersOf('run_precision.py', asked))
  t.is(found.length, asked.length)
  for (const [index, one] of asked.entries()) {
    const result = found[index]
    if (!result) throw new Error(`no result for ${title(one)}`)
    const { wide, narrow } = result
    const isFloat32 = needsFloat32(one.operation) || one.operation.lowering.pytorch.underAutocast === 'float32'
    t.true(wide.apart <= tolerance, `${title(one)}: ${wide.apart} away, from float32`)
    t.true(narrow.apart <= (isFloat32 ? tolerance : rounding), `${title(one)}: ${narrow.apart} away, from bfloat16`)
    const type = isFloat32 ? 'torch.float32' : 'torch.bfloat16'
    for (const output of narrow.types) t.is(output, type, title(one))
  }
})

test.serial('a step of wsban_tiny in bfloat16 is finite, and near the one in float32', async (t) => {
  const lacking = lacksModules('torch', 'safetensors')
  if (skipped(t, lacking)) return
  const spec = compileFile(join(packageRoot(), 'models', 'wsban_tiny.wsban'))
  const { graph } = spec
  if (!graph) throw new Error('wsban_tiny does not compile')
  await writeTarget({ ...spec, graph }, { target: 'pytorch', out: folder, seed: 1 })
  const script = join(packageRoot(), 'test', 'pytorch', 'run_low_step.py')
  const asked = [script, folder, className([graph.name]), String(graph.image.height)]
  const { apart, types, finite, cosine, boxes } = steps.parse(JSON.parse(runPython(asked)))
  t.true(finite)
  t.deepEqual(types, ['torch.float32'])
  t.true(apart <= 0.01, `a loss is ${apart} away`)
  t.true(cosine >= 0.99, `the gradients' cosine is ${cosine}`)
  // A box differs by at most one of 24 positions, on one side.
  t.true(boxes <= 1 / 24 + 1e-6, `a box is ${boxes} away`)
})
