import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { packageRoot } from '../../runtime/package_root.js'
import { lacksModules, runPython, skipped } from '../support/python.js'

/** Of a float32 gradient, relative to the largest one. */
const tolerance = 1e-5

test('batch norm over one image has the right gradient in every memory format', (t) => {
  if (skipped(t, lacksModules('torch'))) return
  const script = join(packageRoot(), 'test', 'pytorch', 'run_single_image.py')
  const program = join(packageRoot(), 'runtime', 'pytorch', 'python')
  const differences = z.array(z.number()).parse(JSON.parse(runPython([script, program])))
  t.is(differences.length, 16)
  for (const difference of differences) t.true(difference <= tolerance, `${difference}`)
})
