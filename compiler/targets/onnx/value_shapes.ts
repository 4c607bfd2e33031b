import { elementAt } from '../../../grammar/present.js'
import {
  bodiesOf,
  inputOf,
  type OnnxAttribute,
  type OnnxConstant,
  type OnnxNode,
  type OnnxProgram,
  outputOf,
} from './program.js'

/** A dimension is a number, or the symbol of one that is known when the file runs. */
export type OnnxShape = readonly (number | string)[]

/** Returns the shapes of the values outside of bodies, as far as the shapes of inputs and of the model's own values determine them. */
export function valueShapes(program: OnnxProgram): ReadonlyMap<string, OnnxShape> {
  const { inputs, constants, weights, nodes, shapes: known = new Map() } = program
  const shapes = new Map<string, OnnxShape>()
  for (const { name, shape } of [...inputs, ...constants.values(), ...weights.values()]) shapes.set(name, shape)
  const sizes = new Map<string, Sizes>()
  for (const { name, element, values } of constants.values()) if (element === 'int64') sizes.set(name, values)
  addShapes(nodes, { shapes, sizes, constants, known })
  return shapes
}

function addShapes(nodes: readonly OnnxNode[], scope: Scope): void {
  const { shapes, sizes, known } = scope
  for (const node of nodes) {
    const computed = sizesIn(node, shapes, sizes)
    if (computed) sizes.set(outputOf(node), computed)
    const inferred = outputShapes(node, scope)
    for (const [index, name] of node.outputs.entries()) {
      const shape = known.get(name) ?? inferred[index]
      if (shape) shapes.set(name, shape)
    }
  }
}

/** The known sizes in a tensor of sizes, such as the shape that a Reshape takes; undefined for the others. */
type Sizes = readonly (number | string | undefined)[]

/** Returns the sizes that a node computes from shapes; undefined for a node that computes something else. */
function sizesIn(
  node: OnnxNode,
  shapes: ReadonlyMap<string, OnnxShape>,
  sizes: ReadonlyMap<string, Sizes>,
): Sizes | undefined {
  if (node.operator === 'Shape')
    return shapes.get(inputOf(node, 0))?.slice(integer(node, 'start') ?? 0, integer(node, 'end'))
  if (node.operator !== 'Concat' || !node.inputs.some((name) => sizes.has(name))) return undefined
  const all: (number | string | undefined)[] = []
  for (const name of node.inputs) {
    const known = sizes.get(name)
    const [length] = shapes.get(name) ?? []
    if (known) all.push(...known)
    else if (typeof length === 'number') all.push(...Array.from({ length }, () => undefined))
    else return undefined
  }
  return all
}

/** Gives each unknown size its own symbol. */
function named(sizes: Sizes, node: OnnxNode): OnnxShape {
  return sizes.map((size, axis) => size ?? `${outputOf(node)}/${axis}`)
}

interface Scope {
  readonly shapes: Map<string, OnnxShape>
  readonly sizes: Map<string, Sizes>
  readonly constants: ReadonlyMap<string, OnnxConstant>
  /** Shapes of the model's own values. */
  readonly known: ReadonlyMap<string, OnnxShape>
}

/** Undefined for an output whose shape is not known. */
type Rule = (node: OnnxNode, scope: Scope) => readonly (OnnxShape | undefined)[]

function outputShapes(node: OnnxNode, scope: Scope): readonly (OnnxShape | undefined)[] {
  if (node.domain !== undefined) return []
  return rules.get(node.operator)?.(node, scope) ?? []
}

const valuesOf = (node: OnnxNode, index: number, { constants }: Scope) => constants.get(inputOf(node, index))?.values

const integer = ({ attributes }: OnnxNode, name: string): number | undefined => {
  const value = attributes[name]
  return typeof value === 'number' ? value : undefined
}

/** The rule of an operator with one output; it needs the shapes of the first `count` inputs. */
function one(
  count: number,
  rule: (shapes: readonly OnnxShape[], node: OnnxNode, scope: Scope) => OnnxShape | undefined,
): Rule {
  return (node, scope) => {
    const inputs = node.inputs.slice(0, count)
    const known = inputs.flatMap((name) => {
      const shape = scope.shapes.get(name)
      return shape ? [shape] : []
    })
    return known.length === inputs.length && known.length > 0 ? [rule(known, node, scope)] : []
  }
}

const first = one(1, ([shape]) => shape)

const broadcast = one(Number.POSITIVE_INFINITY, (shapes) => broadcastShape(shapes))

/** Returns the shape that shapes broadcast to; undefined where that depends on sizes which are not known. */
export function broadcastShape(shapes: readonly OnnxShape[]): OnnxShape | undefined {
  const rank = Math.max(...shapes.map(({ length }) => length))
  const out: (number | string)[] = []
  for (let axis = 0; axis < rank; axis++) {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1)
    // A size other than 1 determines the result; a symbol may be 1, so a number takes precedence.
    const numbers = sizes.filter((size) => typeof size === 'number' && size !== 1)
    const symbols = new Set(sizes.filter((size) => typeof size === 'string'))
    const [number] = numbers
    const [symbol] = symbols
    if (number !== undefined) out.push(number)
    else if (symbols.size > 1) return undefined
    else out.push(symbol ?? 1)
  }
  return out
}

const at = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis)

/** Without axes all are reduced. */
const reduction = one(1, ([shape = []], node, scope) => {
  const given = node.inputs.length > 1 ? valuesOf(node, 1, scope) : shape.map((_, axis) => axis)
  if (!given) return undefined
  const axes = new Set(given.map((axis) => at(axis, shape.length)))
  return integer(node, 'keepdims') === 0
    ? shape.filter((_, axis) => !axes.has(axis))
    : shape.map((size, axis) => (axes.has(axis) ? 1 : size))
})

const argument = one(1, ([shape = []], node) => {
  const reduced = at(integer(node, 'axis') ?? 0, shape.length)
  return integer(node, 'keepdims') === 0
    ? shape.filter((_, axis) => axis !== reduced)
    : shape.map((size, axis) => (axis === reduced ? 1 : size))
})

/** With one symbol in place of -1 when all other sizes of input and output cancel. */
const reshape = one(1, ([shape = []], node, scope) => {
  const given = scope.sizes.get(inputOf(node, 1))
  if (!given) return undefined
  const wanted = named(given, node)
  const out = wanted.map((size, axis) => (size === 0 ? shape[axis] : size))
  const open = out.indexOf(-1)
  const rest = shape.filter((size) => typeof size === 'string')
  let [from, to] = [1, 1]
  for (const size of shape) if (typeof size === 'number') from *= size
  for (const size of out) {
    if (size === undefined) return undefined
    if (typeof size === 'number' && size !== -1) to *= size
    if (typeof size === 'string' && rest.includes(size)) rest.splice(rest.indexOf(size), 1)
  }
  if (open < 0) return out.flatMap((size) => size ?? [])
  const [symbol, ...more] = rest
  if (more.length > 0 || to === 0 || (symbol !== undefined && from !== to) || from % to !== 0) return undefined
  return out.flatMap((size, axis) => (axis === open ? (symbol ?? from / to) : (size ?? [])))
})

const concat = one(Number.POSITIVE_INFINITY, (shapes, node) => {
  const [head = []] = shapes
  const axis = at(integer(node, 'axis') ?? 0, head.length)
  let sum = 0
  for (const shape of shapes) {
    const size = shape[axis]
    if (typeof size !== 'number') return undefined
    sum += size
  }
  return head.map((size, index) => (index === axis ? sum : size))
})

const matMul = one(2, ([a = [], b = []]) => {
  const [rows, columns] = [a.at(-2), b.at(-1)]
  if (rows === undefined || columns === undefined || b.length < 2) return undefined
  const outer = broadcastShape([a.slice(0, -2), b.slice(0, -2)])
  return outer && [...outer, rows, columns]
})

const slice = one(1, ([shape = []], node, scope) => {
  const [starts, ends, axes] = [1, 2, 3].map((index) => valuesOf(node, index, scope))
  const steps = node.inputs.length > 4 ? valuesOf(node, 4, scope) : starts?.map(() => 1)
  if (!starts || !ends || !axes || !steps) return undefined
  const out = [...shape]
  for (const [index, axis] of axes.entries()) {
    const size = shape[at(axis, shape.length)]
    const [start = 0, end = 0, step = 1] = [starts[index], ends[index], steps[index]]
    if (typeof size !== 'number' || step <= 0) return undefined
    const bound = (value: number) => Math.min(size, Math.max(0, value < 0 ? value + size : value))
    out[at(axis, shape.length)] = Math.max(0, Math.ceil((bound(end) - bound(start)) / step))
  }
  return out
})

const gather = one(2, ([data = [], indices = []], node) => {
  const axis = at(integer(node, 'axis') ?? 0, data.length)
  return [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)]
})

const transpose = one(1, ([shape = []], { attributes: { perm } }) =>
  Array.isArray(perm) ? perm.flatMap((axis) => shape[axis] ?? []) : undefined,
)

const unsqueeze = one(1, ([shape = []], node, scope) => {
  const axes = valuesOf(node, 1, scope)
  return axes && unsqueezedShape(shape, axes)
})

export function unsqueezedShape(shape: OnnxShape, axes: readonly number[]): OnnxShape {
  const rank = shape.length + axes.length
  const added = new Set(axes.map((axis) => at(axis, rank)))
  const rest = [...shape]
  return Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (rest.shift() ?? 1)))
}

const squeeze = one(1, ([shape = []], node, scope) => {
  if (node.inputs.length === 1) return squeezedShape(shape, undefined)
  const axes = valuesOf(node, 1, scope)
  return axes && squeezedShape(shape, axes)
})

/** Without axes all sizes of 1 are removed, which needs them all to be known. */
export function squeezedShape(shape: OnnxShape, given: readonly number[] | undefined): OnnxShape | undefined {
  if (!given) return shape.some((size) => typeof size === 'string') ? undefined : shape.filter((size) => size !== 1)
  const axes = new Set(given.map((axis) => at(axis, shape.length)))
  return shape.filter((_, axis) => !axes.has(axis))
}

const sizesOf = one(1, ([shape = []], node) => [
  shape.slice(integer(node, 'start') ?? 0, integer(node, 'end') ?? shape.length).length,
])

/** Broadcasts its input to the sizes given. */
const expand = one(1, ([shape = []], node, scope) => {
  const sizes = scope.sizes.get(inputOf(node, 1))
  return sizes && broadcastShape([shape, named(sizes, node)])
})

/** As many values as are known only when the file runs. */
const range: Rule = (node) => [named([undefined], node)]

/** A carried value keeps its shape if the body gives one of the same shape; a Loop may also replace it by a larger one. */
const loop: Rule = (node, scope) => {
  const [body] = bodiesOf(node)
  if (!body) return []
  const inner = { ...scope, shapes: new Map(scope.shapes), sizes: new Map(scope.sizes) }
  // The first two inputs of the body are the number of the round and the condition.
  const given = body.inputs.map((_, index) => (index < 2 ? [] : scope.shapes.get(inputOf(node, index))))
  for (const [index, { name }] of body.inputs.entries()) {
    const shape = given[index]
    if (shape) inner.shapes.set(name, shape)
  }
  addShapes(body.nodes, inner)
  // The first output of the body is the condition.
  return body.outputs.slice(1).map(({ name }, index) => {
    const [before, after] = [given[index + 2], inner.shapes.get(name)]
    return before && after && sameShape(before, after) ? before : undefined
  })
}

function sameShape(a: OnnxShape, b: OnnxShape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}

const indices = one(2, ([, shape]) => shape)

/** Windows that move by one cell and are padded so that each cell has one. */
const sameSizedPool = one(1, ([shape], { attributes: { kernel_shape: kernel, pads, strides } }) => {
  if (!isSizes(kernel) || !isSizes(pads) || !isSizes(strides)) return undefined
  const kept = kernel.every(
    (size, axis) => strides[axis] === 1 && elementAt(pads, axis) + elementAt(pads, axis + kernel.length) === size - 1,
  )
  return kept ? shape : undefined
})

const isSizes = (value: OnnxAttribute | undefined): value is readonly number[] => Array.isArray(value)

/** Operators by their rule. Those of which the model's own values tell the shape, such as Conv and Resize, need none. */
const families: readonly (readonly [Rule, string])[] = [
  [
    first,
    'Abs Cast Ceil Clip Cos CumSum DequantizeLinear Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity InstanceNormalization IsNaN LayerNormalization LeakyRelu Log LogSoftmax Neg Not QuantizeLinear Reciprocal Relu Round ScatterElements Sigmoid Sign Sin Softmax Softplus Sqrt Tanh',
  ],
  [broadcast, 'Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Min Mul Or Pow Sub Where'],
  [reduction, 'ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare'],
  [argument, 'ArgMax ArgMin'],
  [reshape, 'Reshape'],
  [concat, 'Concat'],
  [matMul, 'MatMul'],
  [slice, 'Slice'],
  [gather, 'Gather'],
  [indices, 'GatherElements'],
  [sameSizedPool, 'MaxPool'],
  [transpose, 'Transpose'],
  [unsqueeze, 'Unsqueeze'],
  [squeeze, 'Squeeze'],
  [sizesOf, 'Shape'],
  [expand, 'Expand'],
  [range, 'Range'],
  [loop, 'Loop'],
]

const rules: ReadonlyMap<string, Rule> = new Map(
  families.flatMap(([rule, operators]) => operators.split(' ').map((operator): [string, Rule] => [operator, rule])),
)
