import test from 'ava'
import { Random } from '../../compiler/random.js'
import { openEngine } from '../../runtime/engines/index.js'
import { silent } from '../../runtime/reporter.js'
import { shapeDifferences } from '../sanitizers/shapes.js'

test('the shape cache predicts the shapes that TensorFlow computes, for every operation in its table', async (t) => {
  await openEngine('tfjs-node', silent)
  const { findings, cases } = shapeDifferences(new Random(1))
  t.true(cases > 5000)
  t.deepEqual(findings, [])
})
