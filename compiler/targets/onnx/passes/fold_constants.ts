import { elementAt } from '../../../../grammar/present.js'
import {
  answerNames,
  consumersOf,
  type OnnxConstant,
  type OnnxElement,
  type OnnxNode,
  type OnnxProgram,
  withInputs,
  withoutUnused,
} from '../program.js'
import { ValueNames } from '../value_names.js'
import type { Pass } from './pass.js'

/** Larger results are not folded: storing them would cost more space than computing them costs time. */
const largestResult = 4096

type Evaluate = (inputs: readonly OnnxConstant[], node: OnnxNode) => Omit<OnnxConstant, 'name'> | undefined

const elementwise =
  (compute: (a: number, b: number) => number): Evaluate =>
  ([a, b]) => {
    if (!a || !b || a.element !== b.element || (a.shape.join() !== b.shape.join() && b.shape.length > 0))
      return undefined
    const values = a.values.map((value, i) => compute(value, elementAt(b.values, b.values.length === 1 ? 0 : i)))
    return { element: a.element, shape: a.shape, values: rounded(values, a.element) }
  }

/** Operators that can be evaluated on constants. Integer division rounds differently in ONNX and is left to the runtime. */
const evaluators: Readonly<Record<string, Evaluate>> = {
  Add: elementwise((a, b) => a + b),
  Sub: elementwise((a, b) => a - b),
  Mul: elementwise((a, b) => a * b),
  Range([start, limit, delta]) {
    const [from = 0, to = 0, step = 1] = [start, limit, delta].map((given) => given?.values[0])
    const count = Math.max(0, Math.ceil((to - from) / step))
    if (start?.element !== 'int64' || count > largestResult) return undefined
    return { element: 'int64', shape: [count], values: Array.from({ length: count }, (_, i) => from + i * step) }
  },
  Concat(parts, { attributes: { axis } }) {
    if (axis !== 0 || parts.some(({ shape, element }) => shape.length !== 1 || element !== parts[0]?.element))
      return undefined
    const values = parts.flatMap((part) => part.values)
    return { element: parts[0]?.element ?? 'float', shape: [values.length], values }
  },
}

function rounded(values: readonly number[], element: OnnxElement): readonly number[] {
  return element === 'float' ? values.map(Math.fround) : values
}

/**
 * Needs: nothing. Leaves: no node that takes nothing but constants, as far as their operators are known here; one factor where several
 * followed one another; no factor of 1.
 */
export const foldConstants: Pass = {
  name: 'fold-constants',
  summary: 'what constants alone decide is computed at export; factors that follow one another are one',
  tolerance: 1e-6,
  run: (program) => joinFactors(evaluate(program)),
}

function evaluate(program: OnnxProgram): OnnxProgram {
  const constants = new Map(program.constants)
  const answers = answerNames(program)
  const nodes = program.nodes.filter((node) => {
    const [output = ''] = node.outputs
    const inputs = node.inputs.flatMap((name) => constants.get(name) ?? [])
    if (inputs.length === 0 || inputs.length < node.inputs.length || answers.has(output)) return true
    const result = evaluators[node.operator]?.(inputs, node)
    if (!result || result.values.length > largestResult) return true
    constants.set(output, { name: output, ...result })
    return false
  })
  return withoutUnused({ ...program, nodes, constants })
}

function joinFactors(program: OnnxProgram): OnnxProgram {
  const consumers = consumersOf(program.nodes)
  const answers = answerNames(program)
  const constants = new Map(program.constants)
  /** Values that are another one times a number, and are not computed yet. */
  const pending = new Map<string, { readonly input: string; readonly factor: number }>()
  const same = new Map<string, string>()
  const names = ValueNames.beside(program)
  const nodes = program.nodes.flatMap((original): OnnxNode[] => {
    const node = withInputs(original, (name) => same.get(name) ?? name)
    const [output = ''] = node.outputs
    const own = factorOf(node, constants)
    if (!own) return [node]
    const before = pending.get(own.input)
    const whole = before ? { input: before.input, factor: before.factor * own.factor } : own
    const after = consumers(output)
    const [next] = after
    const following = next && factorOf(next, constants)
    if (following && after.length === 1 && !answers.has(output) && isModerate(whole.factor * following.factor)) {
      pending.set(output, whole)
      return []
    }
    if (whole.factor === 1 && !answers.has(output)) {
      same.set(output, whole.input)
      return []
    }
    if (!before) return [node]
    const name = names.free(`${output}/factor`)
    constants.set(name, { name, element: 'float', shape: [], values: [whole.factor] })
    return [{ ...node, operator: 'Mul', inputs: [whole.input, name] }]
  })
  return withoutUnused({ ...program, nodes, constants })
}

/** Far from where single precision overflows or loses digits, so that the order of multiplications does not show. */
export function isModerate(factor: number): boolean {
  return Math.abs(factor) >= 2 ** -40 && Math.abs(factor) <= 2 ** 40
}

/** The value and the one number it is multiplied with. */
export function factorOf(
  { operator, inputs }: OnnxNode,
  constants: ReadonlyMap<string, OnnxConstant>,
): { readonly input: string; readonly factor: number } | undefined {
  if (operator !== 'Mul' && operator !== 'Div') return undefined
  const [input = '', by = ''] = inputs
  const constant = constants.get(by)
  const [value] = constant?.values ?? []
  if (constant?.shape.length !== 0 || constant.element !== 'float' || value === undefined || value === 0)
    return undefined
  return { input, factor: operator === 'Mul' ? value : 1 / value }
}
