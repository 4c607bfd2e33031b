import { combineBroadcast } from '../../../ops/support/broadcasting.js'
import { elements, tensor } from '../../../ops/support/tensor.js'
import {
  answerNames,
  consumersOf,
  inputOf,
  type OnnxConstant,
  type OnnxElement,
  type OnnxNode,
  type OnnxProgram,
  withInputs,
  withoutUnused,
} from '../program.js'
import { ValueNames } from '../value_names.js'
import { broadcastShape, type OnnxShape, squeezedShape, unsqueezedShape, valueShapes } from '../value_shapes.js'
import type { Pass } from './pass.js'

/** Larger results are not folded, since they would make the file larger for little time saved. */
const largestResult = 4096

type Evaluate = (inputs: readonly OnnxConstant[], node: OnnxNode) => Omit<OnnxConstant, 'name'> | undefined

const elementwise =
  (compute: (a: number, b: number) => number): Evaluate =>
  ([a, b, ...more]) =>
    a && b && more.length === 0 && a.element === b.element ? combined([a, b], a.element, compute) : undefined

/** Computes over constants that broadcast; undefined for results that are too large, or empty. */
function combined(
  constants: readonly Pick<OnnxConstant, 'shape' | 'values'>[],
  element: OnnxElement,
  compute: (...values: readonly number[]) => number,
): ReturnType<Evaluate> {
  const shape = broadcastShape(constants.map((constant) => constant.shape))?.filter((size) => typeof size === 'number')
  if (!shape || elements(shape) > largestResult || elements(shape) === 0) return undefined
  // ONNX aligns shapes at their last axis, and `combineBroadcast` those of one rank as they are.
  const operands = constants.map((constant) =>
    tensor([...shape.slice(constant.shape.length).map(() => 1), ...constant.shape], constant.values),
  )
  return { element, shape, values: rounded([...combineBroadcast(operands, compute).data], element) }
}

/** Operators that can be evaluated on constants. */
const evaluators: Readonly<Record<string, Evaluate>> = {
  Add: elementwise((a, b) => a + b),
  Sub: elementwise((a, b) => a - b),
  Mul: elementwise((a, b) => a * b),
  Max: elementwise(Math.max),
  Min: elementwise(Math.min),
  Div(inputs, node) {
    // ONNX does not say how a negative quotient of integers is rounded.
    const [a, b] = inputs
    if (a?.element !== 'int64' || a.values.some((value) => value < 0) || !b?.values.every((value) => value > 0))
      return undefined
    return elementwise((one, other) => Math.floor(one / other))(inputs, node)
  },
  Expand([data, sizes]) {
    if (!data || !sizes || elements(sizes.values) > largestResult) return undefined
    const filled = { shape: sizes.values, values: new Array<number>(elements(sizes.values)).fill(0) }
    return combined([data, filled], data.element, (value) => value)
  },
  Cast([data], { attributes: { to } }) {
    if (data?.element !== 'int64' || typeof to !== 'object' || !('element' in to) || to.element !== 'float')
      return undefined
    return { element: 'float', shape: data.shape, values: rounded(data.values, 'float') }
  },
  Squeeze: ([data, axes]) => data && withShape(data, squeezedShape(data.shape, axes?.values)),
  Unsqueeze: ([data, axes]) => data && axes && withShape(data, unsqueezedShape(data.shape, axes.values)),
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

/** The same values in another shape, which is known where that of the constant is. */
function withShape({ element, values }: OnnxConstant, shape: OnnxShape | undefined): ReturnType<Evaluate> {
  return shape && { element, values, shape: shape.filter((size) => typeof size === 'number') }
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

/** Sizes that become known make further shapes known, as of a range of that length. */
function evaluate(program: OnnxProgram): OnnxProgram {
  const shapes = ({ nodes }: OnnxProgram) => nodes.filter(({ operator }) => operator === 'Shape').length
  const evaluated = evaluateOnce(program)
  return shapes(evaluated) < shapes(program) ? evaluate(evaluated) : evaluated
}

function evaluateOnce(program: OnnxProgram): OnnxProgram {
  const constants = new Map(program.constants)
  const answers = answerNames(program)
  const shapes = program.nodes.some(({ operator }) => operator === 'Shape')
    ? valueShapes(program)
    : new Map<string, OnnxShape>()
  const nodes = program.nodes.filter((node) => {
    const [output = ''] = node.outputs
    if (node.operator === 'Shape') {
      const sizes = fixedSizes(shapes.get(inputOf(node, 0)), node)
      if (!sizes || answers.has(output)) return true
      constants.set(output, { name: output, element: 'int64', shape: [sizes.length], values: sizes })
      return false
    }
    const inputs = node.inputs.flatMap((name) => constants.get(name) ?? [])
    if (inputs.length === 0 || inputs.length < node.inputs.length || answers.has(output)) return true
    const result = evaluators[node.operator]?.(inputs, node)
    if (!result || result.values.length > largestResult) return true
    constants.set(output, { name: output, ...result })
    return false
  })
  return withoutUnused({ ...program, nodes, constants })
}

/** Returns the sizes that a Shape node gives, if they are known before the file runs. */
function fixedSizes(shape: OnnxShape | undefined, { attributes: { start, end } }: OnnxNode): number[] | undefined {
  const sizes = shape?.slice(typeof start === 'number' ? start : 0, typeof end === 'number' ? end : undefined)
  const numbers = sizes?.filter((size) => typeof size === 'number')
  return numbers?.length === sizes?.length ? numbers : undefined
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
