import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { present } from '../../grammar/present.js'
import { writeTarget } from '../../runtime/export/target.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileText } from '../../runtime/specs/spec.js'
import { parameterSettings } from '../../runtime/training/parameter_settings.js'
import { lacksModules, runPython, skipped } from '../support/python.js'

const lacking = lacksModules('torch')
const folder = mkdtempSync(join(tmpdir(), 'wsban-groups-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const text = `
model small(classes = 3, size = 16) {
  input image: Image[3, size, size]
  input label: Class[classes]
  branch whole(image) {
    stem   = conv2d(image, 4, 3)
    stages = repeat 2 as s, x = stem {
      down = batch_norm(x)
      return repeat 2 as b, y = down { return y + conv2d(y, 4, 1, bias = b == 0) }
    }
    norm   = batch_norm(stages)
    logits = norm -> global_avg_pool -> linear(classes)
  }
  loss { whole = cross_entropy(whole.logits, label) }
  predict probabilities = softmax(whole.logits)
  train {
    optimizer = adamw(rate = 1e-3, weight_decay = 1e-2, decays = weights)
    network   = group(whole, rate = 50%, layer_decay = 80%)
    first     = group(whole.stem, rate = 2, weight_decay = 0.5)
  }
}`

test("each parameter has the other engines' learning rate and weight decay", async (t) => {
  if (skipped(t, lacking)) return
  const spec = compileText('small.wsban', text, {}, [])
  const graph = present(spec.graph, JSON.stringify(spec.diagnostics))
  await writeTarget({ ...spec, graph }, { target: 'pytorch', out: folder, seed: 1 })
  const { weight_decay: decay, decays } = graph.plan.optimizer.arguments
  const printed = runPython(
    [join(packageRoot(), 'test', 'pytorch', 'run_groups.py')],
    JSON.stringify({ code: folder, decay, decays }),
  )
  const theirs = z.record(z.string(), z.tuple([z.number(), z.number()])).parse(JSON.parse(printed))
  const ours = parameterSettings(graph.plan, [...graph.parameters.values()])
  t.deepEqual(Object.keys(theirs).sort(), [...ours.keys()].sort())
  for (const [name, { rate, decay: own }] of ours) {
    const [factor, weightDecay] = present(theirs[name], name)
    t.true(Math.abs(factor - rate) < 1e-12, `${name}: ${factor}, not ${rate}`)
    t.is(weightDecay, own, name)
  }
  // Five layers: the stem, and two rounds in each of two stages; the group of the stem has none.
  t.deepEqual(
    [...new Set([...ours.values()].map(({ rate }) => Number(rate.toFixed(6))))].sort(),
    [0.2048, 0.256, 0.32, 0.4, 2],
  )
})

test('a group within a frozen one learns, with the statistics of its batch norms', async (t) => {
  if (skipped(t, lacking)) return
  const groups = `network = group(whole, frozen = 2)
    last      = group(whole.stages.1, frozen = 1)`
  const nested = text.replace(/network {3}=[^\n]*\n[^\n]*/, groups)
  const spec = compileText('small.wsban', nested, {}, [])
  const graph = present(spec.graph, JSON.stringify(spec.diagnostics))
  const code = join(folder, 'nested')
  await writeTarget({ ...spec, graph }, { target: 'pytorch', out: code, seed: 1 })
  const printed = runPython(
    [join(packageRoot(), 'test', 'pytorch', 'run_frozen.py')],
    JSON.stringify({ code, epochs: [0.5, 1.5, 2.5, 0.5] }),
  )
  const states = z
    .array(z.object({ training: z.array(z.string()), learning: z.array(z.string()) }))
    .parse(JSON.parse(printed))
  t.deepEqual(
    states.map(({ training }) => training.toSorted()),
    [[], ['whole.stages.1.down'], ['whole.norm', 'whole.stages.0.down', 'whole.stages.1.down'], []],
  )
  t.deepEqual(states[0]?.learning, [])
  t.true(states[1]?.learning.every((name) => name.startsWith('whole.stages.1.')))
  t.is(states[2]?.learning.length, [...graph.parameters.values()].filter(({ trainable }) => trainable).length)
})
