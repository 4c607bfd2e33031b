import test from 'ava'
import { openEngine } from '../../runtime/engines/index.js'
import { Random } from '../../runtime/random.js'
import { silent } from '../../runtime/reporter.js'
import { shapeDifferences } from '../sanitizers/shapes.js'

test('what the shape cache promises is what TensorFlow computes, for every operation it knows', async (t) => {
  await openEngine('tfjs-node', silent)
  const { findings, cases } = shapeDifferences(new Random(1))
  t.true(cases > 5000)
  t.deepEqual(findings, [])
})
