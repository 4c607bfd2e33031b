import type { Tensor } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import type { ExecutionContext } from 'ava'
import { Random } from '../../compiler/random.js'
import { type EngineName, openEngine } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { silent } from '../../runtime/reporter.js'

export type Inputs = Readonly<Record<string, Tensor>>

/** The result of a function on one engine: its value, and the gradient of each input for a random output gradient. */
interface Outcome {
  readonly shape: readonly number[]
  readonly value: Float32Array
  readonly gradients: Readonly<Record<string, Float32Array>>
}

/** Returns pseudo-random numbers in [-1, 1), which depend on the name only. */
export function numbers(name: string, count: number): Float32Array {
  const random = new Random([...name].reduce((key, letter) => key * 31 + letter.charCodeAt(0), 7))
  return Float32Array.from({ length: count }, () => random.uniform(-1, 1))
}

export interface Case {
  /** The shapes of the inputs; `numbers` gives their values. */
  readonly inputs: Readonly<Record<string, readonly number[]>>
  readonly compute: (inputs: Inputs) => Tensor
  /** Returns the expected output, from a reference that shares no code with the kernels. */
  readonly expected?: (inputs: Readonly<Record<string, Float32Array>>) => {
    shape: readonly number[]
    value: ArrayLike<number>
  }
  readonly tolerance?: number
}

/** Compares value and gradients on the native engine and WebAssembly with those of plain JavaScript, and its value with `expected`. */
export async function everywhere(t: ExecutionContext, check: Case): Promise<void> {
  const tolerance = check.tolerance ?? 2e-4
  const plain = await outcomeOn('cpu', check)
  if (plain === undefined) return t.fail('plain JavaScript is always there')
  if (check.expected) {
    const values = Object.fromEntries(
      Object.entries(check.inputs).map(([name, shape]) => [name, numbers(name, size(shape))]),
    )
    const { shape, value } = check.expected(values)
    t.deepEqual(plain.shape, [...shape])
    close(t, 'cpu value', plain.value, value, tolerance)
  }
  // In the second run the native engine has cached all shapes and executes asynchronously.
  for (const engine of ['wasm', 'tfjs-node', 'tfjs-node'] as const) {
    const found = await outcomeOn(engine, check)
    if (found === undefined) {
      t.log(`skipped on ${engine}: the engine is not here (wsban setup)`)
      t.pass()
      continue
    }
    t.deepEqual(found.shape, plain.shape)
    close(t, `${engine} value`, found.value, plain.value, tolerance)
    for (const [name, gradient] of Object.entries(plain.gradients))
      close(t, `${engine} gradient of ${name}`, found.gradients[name] ?? [], gradient, tolerance)
  }
}

async function outcomeOn(engine: EngineName, check: Case): Promise<Outcome | undefined> {
  if (!(await isHere(engine))) return undefined
  const before = tf.memory().numTensors
  const names = Object.keys(check.inputs)
  const outcome = tf.tidy(() => {
    const inputs = names.map((name) => {
      const shape = [...(check.inputs[name] ?? [])]
      return tf.tensor(numbers(name, size(shape)), shape)
    })
    const named = (list: readonly Tensor[]) => Object.fromEntries(names.map((name, i) => [name, list[i] as Tensor]))
    const y = check.compute(named(inputs))
    const weights = tf.tensor(numbers('weights of the outputs', y.size), y.shape)
    const gradients = tf.grads((...list: Tensor[]) => tf.sum(tf.mul(check.compute(named(list)), weights)))(inputs)
    return {
      shape: [...y.shape],
      value: floats(y),
      gradients: Object.fromEntries(names.map((name, i) => [name, floats(gradients[i] as Tensor)])),
    }
  })
  const left = tf.memory().numTensors - before
  if (left !== 0) throw new Error(`${left} tensors leaked on ${engine}`)
  return outcome
}

/** Makes an engine current. Returns whether it is available. */
export async function isHere(engine: EngineName): Promise<boolean> {
  try {
    await openEngine(engine, silent)
    return true
  } catch (error) {
    if (error instanceof Failure && error.problem.code === 'engine-missing') return false
    throw error
  }
}

export function floats(tensor: Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync())
}

export function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}

/** Asserts that two lists differ by at most the tolerance: absolute below 1, relative above. */
export function close(
  t: ExecutionContext,
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  t.is(actual.length, expected.length, `${what}: how many numbers`)
  let worst = -1
  let worstDifference = 0
  for (let i = 0; i < expected.length; i++) {
    const right = expected[i] as number
    const difference = Math.abs((actual[i] as number) - right) / Math.max(1, Math.abs(right))
    if (!(difference <= worstDifference)) {
      worst = i
      worstDifference = difference
    }
  }
  t.true(worstDifference <= tolerance, `${what}: number ${worst} is ${actual[worst]}, not ${expected[worst]}`)
}
