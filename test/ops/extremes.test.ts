import test from 'ava'
import { operations } from '../../compiler/ops/index.js'
import type { Tensor } from '../../compiler/ops/support/tensor.js'
import { isHere } from '../kernels/support.js'
import { type ReadyCase, ready } from '../support/cases.js'
import { runOnnx } from '../support/onnx_case.js'
import { runTfjs } from '../support/tfjs_case.js'

/** Numbers on which engines may differ: subnormal, with a square that underflows or overflows, zeros of either sign, NaN. */
const extremes = [1e-40, 1e-20, 1e-8, -1e-8, 1e30, -1e30, 0, -0, Number.NaN, Infinity, -Infinity]

/** Engines may flush subnormal numbers to zero. */
const smallest = 2 ** -126
const tolerance = 1e-4
/** Relative to the largest number: the order of sums differs. */
const shareOfLargest = 1e-5

/**
 * Operations that select by maximum or threshold: with ties or rounding engines may choose differently. ONNX Runtime's GridSample also omits terms
 * with weight 0, even of infinity.
 */
const chooses = new Set(['crop_sampler', 'attention_sampler', 'drop_sampler', 'class_activation_map', 'grid_sample'])

const cases = [...operations.values()]
  .filter(({ name }) => !chooses.has(name))
  .flatMap((operation) => operation.cases.slice(0, 3).map((one) => ready(operation, one)))
  .filter(
    ({ phase, inputs }) =>
      phase === 'inference' && inputs.length > 0 && inputs.every(({ type }) => type.element === 'float'),
  )

/** Returns the case with one or all numbers of its first input replaced. */
function withExtreme(one: ReadyCase, extreme: number, all: boolean): ReadyCase {
  const [first, ...rest] = one.inputs
  if (!first) throw new Error('a case without inputs')
  const data = first.value.data.map((value, i) => (all || i === 0 ? Math.fround(extreme) : value))
  const inputs = [{ ...first, value: { shape: first.value.shape, data } }, ...rest]
  return { ...one, inputs }
}

function classOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return Number.isFinite(value) ? 'finite' : String(value)
}

function differs(expected: Tensor | undefined, found: Tensor | undefined): string | undefined {
  const numbers = expected?.data ?? new Float64Array()
  const largest = numbers.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0)
  for (const [i, right] of numbers.entries()) {
    const value = found?.data[i] ?? 0
    const near = Math.abs(value - right) <= tolerance * Math.abs(right) + shareOfLargest * largest + smallest * 4
    if (classOf(value) !== classOf(right) || (Number.isFinite(right) && !near)) return `${value} for ${right} at ${i}`
  }
  return undefined
}

const engines = ['tfjs-node', 'wasm', 'cpu'] as const

test.serial('every operation gives extreme values the same answer on every engine', async (t) => {
  const found = new Map<string, Map<string, Tensor | undefined>>()
  for (const engine of engines) {
    if (!(await isHere(engine))) continue
    for (const [key, one] of variants()) {
      const { outputs } = await runTfjs(one, undefined)
      found.set(key, (found.get(key) ?? new Map()).set(engine, outputs[0]))
    }
  }
  const problems: string[] = []
  for (const [key, one] of variants()) {
    const outcomes = found.get(key) ?? new Map<string, Tensor | undefined>()
    if (one.operation.lowering.onnx !== 'training only') outcomes.set('ONNX Runtime', (await runOnnx(one, 18))[0])
    const expected = outcomes.get('cpu')
    for (const [name, outcome] of outcomes) {
      if (mayDiffer(key, name)) continue
      const difference = differs(expected, outcome)
      if (difference !== undefined) problems.push(`${key}: ${name}: ${difference}`)
    }
  }
  t.deepEqual(problems, [])
})

/**
 * TensorFlow's kernels take numbers below the smallest normal one for zero. Of a window in which no finite number is the largest, and of pixels that
 * are none and get no share, engines make different things: training ends there in any case. The sign of NaN is 0 in plain JavaScript. ONNX has no
 * e^x - 1, and what is below the last digit of 1 is lost in its Elu. The variance of equal large numbers is the square of their mean's rounding.
 * Which of several numbers is the largest is open where one is NaN. On TensorFlow.js a dilated filter has zeros, and infinity times zero is NaN.
 */
function mayDiffer(key: string, engine: string): boolean {
  if (engine === 'tfjs-node' && key.includes('1e-40')) return true
  if (engine === 'ONNX Runtime' && /^elu,.* -1e-8 everywhere/.test(key)) return true
  if (/^variance,.* -?1e\+30 everywhere/.test(key)) return true
  return /^(max_pool|avg_pool|resize|conv_transpose2d, dilated),.*(NaN|Infinity)|^(sign|argmax|top_k),.*NaN/.test(key)
}

function* variants(): Generator<[string, ReadyCase]> {
  for (const one of cases)
    for (const extreme of extremes)
      for (const all of [false, true])
        yield [
          `${one.operation.name}, ${one.name}, ${Object.is(extreme, -0) ? '-0' : extreme}${all ? ' everywhere' : ''}`,
          withExtreme(one, extreme, all),
        ]
}
