/**
 * The workload for the addon under test, in a process of its own, which a sanitizer ends at the first finding.
 * Arguments: seed, seconds, names of parts separated by commas. Writes a line of JSON for each round and one at the end.
 */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { Random } from '../../compiler/random.js'
import { openEngine } from '../../runtime/engines/index.js'
import { loadModel } from '../../runtime/generated/load.js'
import { native } from '../../runtime/kernels/native/execute.js'
import type { Model } from '../../runtime/model.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { Learner } from '../../runtime/training/learner.js'
import { customOps, WrongResult } from './custom_ops.js'

const [seed, seconds, only] = process.argv.slice(2)
await openEngine('tfjs-node', silent)

async function model(name: string): Promise<{ model: Model; spec: string }> {
  const spec = join(packageRoot(), 'models', name)
  const { graph } = compileFile(spec, { classes: 3 })
  if (!graph) throw new Error(`${spec} does not compile`)
  return { model: await loadModel(graph, spec), spec }
}

/** Steps of a whole model: blocking and asynchronous execution must compute the same bits. */
async function training(random: Random): Promise<void> {
  const { model: tiny } = await model('wsban_tiny.wsban')
  const { size } = tiny.image
  const batch = 1 + random.integer(4)
  const images = Float32Array.from({ length: batch * size * size * 3 }, () => random.uniform(-1, 1))
  const labels = Int32Array.from({ length: batch }, () => random.integer(3))
  const losses = [true, false].map((blocking) => {
    const learner = Learner.begin({ model: tiny, seed: 3 })
    native().binding.setBlocking?.(blocking)
    try {
      return [0, 1, 2].map(
        (step) => learner.accumulate({ images, labels }, { step, epoch: 0, rate: 0.01 }, true)?.losses.total,
      )
    } finally {
      native().binding.setBlocking?.(false)
      learner.dispose()
    }
  })
  if (losses[0]?.join() !== losses[1]?.join())
    throw new WrongResult(`blocking ${losses[0]?.join()}, asynchronous ${losses[1]?.join()}`)
}

/** Sends signals while calls are pending. The handler of the addon is installed before and removed after them. */
async function signals(random: Random): Promise<void> {
  let heard = false
  process.once('SIGTERM', () => {
    heard = true
  })
  native().binding.exitOnRepeatedSignal?.(true)
  for (let i = 0; i < 20; i++) {
    customOps.optimizerStep(random)
    if (i === 3) process.kill(process.pid, 'SIGTERM')
    process.kill(process.pid, 'SIGWINCH')
    customOps.maxPoolGradient(random)
  }
  while (!heard) await turn()
  native().binding.exitOnRepeatedSignal?.(false)
}

const parts: Readonly<Record<string, (random: Random) => void | Promise<void>>> = { ...customOps, training, signals }
const chosen = Object.entries(parts).filter(([name]) => only === undefined || only.split(',').includes(name))
const random = new Random(Number(seed))
const ends = performance.now() + Number(seconds) * 1000
const counts = new Map<string, number>()
const say = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`)
const before = native().binding.getNumOfTensors()
for (let round = 0; round === 0 || performance.now() < ends; round++)
  for (const [name, part] of chosen) {
    // Every second round of small operations is computed before each call returns.
    native().binding.setBlocking?.(round % 2 === 1)
    const times = name === 'training' || name === 'signals' ? Number(round % 25 === 0) : 4
    for (let i = 0; i < times; i++) {
      say({ part: name, round })
      await part(random)
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    native().binding.setBlocking?.(false)
    await turn()
  }
const left = native().binding.getNumOfTensors() - before
say({ done: true, cases: Object.fromEntries(counts), left })
