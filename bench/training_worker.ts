/**
 * Our side of bench/training_step.py: trains a spec on noise, one step for each line it reads.
 *
 *   npx tsx bench/training_worker.ts SPEC BATCH [name=value ...]
 *
 * `step` answers with milliseconds, and those of all cores together, `profile` with the kernels of one step, `memory` with the process's peak in MB,
 * `sgemm` with the GFLOP/s of a matrix product on the same engine.
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import * as tf from '@tensorflow/tfjs-core'
import { Random } from '../compiler/random.js'
import { openEngine } from '../runtime/engines/index.js'
import { currentNativeBackend, type NativeBackend } from '../runtime/engines/native_parts.js'
import { loadModel } from '../runtime/generated/load.js'
import { silent } from '../runtime/reporter.js'
import { compileFile } from '../runtime/specs/spec.js'
import { Learner } from '../runtime/training/learner.js'
import { baseRate } from '../runtime/training/schedules.js'

const [spec = '', batchText = '8', ...pairs] = process.argv.slice(2)
const settings = Object.fromEntries(
  pairs.map((pair) => {
    const [name = '', value = ''] = pair.split('=')
    return [name, Number.isNaN(Number(value)) ? value : Number(value)]
  }),
)
const { graph, diagnostics } = compileFile(spec, settings)
if (!graph) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
await openEngine('tfjs-node', silent)
const model = await loadModel(graph, spec)
const learner = Learner.begin({ model, seed: 1 })
const batch = Number(batchText)
const { size } = model.image
const random = new Random(1)
const images = Float32Array.from({ length: batch * size * size * 3 }, () => random.uniform(-1, 1))
const labels = Int32Array.from({ length: batch }, (_, index) => index % (model.classes ?? 1))
const rate = baseRate(model.plan.optimizer) / 100
let step = 0

function timedStep(): { elapsed: number; busy: number } {
  const before = process.cpuUsage()
  const began = performance.now()
  learner.accumulate({ images, labels }, { step, epoch: 0, rate }, true)
  step++
  // Weights may still be moving.
  currentNativeBackend()?.binding.setBlocking?.(false)
  const elapsed = performance.now() - began
  const { user, system } = process.cpuUsage(before)
  return { elapsed, busy: (user + system) / 1000 }
}

/** Milliseconds by kernel: made to compute at once, the time of a call is the time of its kernel. */
function profile(backend: NativeBackend): Record<string, { calls: number; ms: number }> {
  const kernels: Record<string, { calls: number; ms: number }> = {}
  const timed =
    <A extends readonly unknown[], R>(run: (name: string, ...rest: A) => R) =>
    (name: string, ...rest: A): R => {
      const began = performance.now()
      const result = run.call(backend, name, ...rest)
      const known = kernels[name] ?? { calls: 0, ms: 0 }
      kernels[name] = { calls: known.calls + 1, ms: known.ms + performance.now() - began }
      return result
    }
  const own = { one: backend.executeSingleOutput, many: backend.executeMultipleOutputs }
  backend.executeSingleOutput = timed(own.one)
  backend.executeMultipleOutputs = timed(own.many)
  backend.binding.setBlocking?.(true)
  const { elapsed } = timedStep()
  backend.executeSingleOutput = own.one
  backend.executeMultipleOutputs = own.many
  return { ...kernels, all: { calls: 1, ms: elapsed } }
}

function peak(): number {
  const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return Number(kilobytes) / 1000
}

/** The fastest of some products of square matrices, in GFLOP/s. */
function sgemm(side = 2048, runs = 8): number {
  const [a, b] = [
    tf.randomUniform([side, side], 0, 1, 'float32', 1),
    tf.randomUniform([side, side], 0, 1, 'float32', 2),
  ]
  const times = Array.from({ length: runs }, () => {
    const began = performance.now()
    const product = tf.matMul(a, b)
    currentNativeBackend()?.binding.setBlocking?.(false)
    const elapsed = performance.now() - began
    product.dispose()
    return elapsed
  })
  tf.dispose([a, b])
  return (2 * side ** 3) / Math.min(...times) / 1e6
}

console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const backend = currentNativeBackend()
  if (line === 'step') {
    const { elapsed, busy } = timedStep()
    console.log(`${elapsed.toFixed(1)} ${busy.toFixed(1)}`)
  }
  if (line === 'sgemm') console.log(sgemm().toFixed(1))
  else if (line === 'memory') console.log(peak().toFixed(0))
  else if (line === 'profile' && backend) console.log(JSON.stringify(profile(backend)))
}
