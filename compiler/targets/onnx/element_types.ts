import { elementAt, present } from '../../../grammar/present.js'
import { bodiesOf, inputOf, type OnnxElement, type OnnxNode, type OnnxProgram, type OnnxSubgraph } from './program.js'

const integers = new Set(['Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero'])
const booleans = new Set([
  'Equal',
  'Greater',
  'GreaterOrEqual',
  'Less',
  'LessOrEqual',
  'And',
  'Or',
  'Not',
  'IsNaN',
  'IsInf',
])

/** The element type of each value of a program outside of bodies. */
export function elementTypes({ inputs, constants, weights, nodes }: OnnxProgram): ReadonlyMap<string, OnnxElement> {
  const types = new Map<string, OnnxElement>()
  for (const { name, element } of [...inputs, ...constants.values(), ...weights.values()]) types.set(name, element)
  addElements(nodes, types)
  return types
}

function addElements(nodes: readonly OnnxNode[], types: Map<string, OnnxElement>): void {
  for (const node of nodes) {
    const own = outputElements(node, types)
    for (const [index, name] of node.outputs.entries()) types.set(name, own[index] ?? elementAt(own, 0))
  }
}

/** The element types of what a body gives. A Loop's body takes the number of the round, the condition, and the values that it carries. */
function bodyElements(
  { inputs, nodes, outputs }: OnnxSubgraph,
  node: OnnxNode,
  around: ReadonlyMap<string, OnnxElement>,
): readonly OnnxElement[] {
  const types = new Map(around)
  for (const [index, input] of inputs.entries()) {
    const given = index < 2 ? elementAt(['int64', 'bool'] as const, index) : around.get(inputOf(node, index))
    types.set(input.name, 'element' in input ? input.element : present(given, input.name))
  }
  addElements(nodes, types)
  return outputs.map(({ name }) => present(types.get(name), name))
}

function castElement({ to }: OnnxNode['attributes']): OnnxElement {
  if (typeof to !== 'object' || !('element' in to)) throw new Error('a Cast without an element type')
  return to.element
}

function outputElements(node: OnnxNode, types: ReadonlyMap<string, OnnxElement>): readonly OnnxElement[] {
  const { operator, attributes } = node
  const typeOf = (index: number) => present(types.get(inputOf(node, index)), `the type of an input of ${operator}`)
  if (operator === 'Cast') return [castElement(attributes)]
  if (operator === 'QuantizeLinear') return ['uint8']
  if (integers.has(operator)) return ['int64']
  if (booleans.has(operator)) return ['bool']
  const [body] = bodiesOf(node)
  // The first output of a Loop's body is its condition.
  if (body) return bodyElements(body, node, types).slice(operator === 'Loop' ? 1 : 0)
  if (operator === 'TopK') return [typeOf(0), 'int64']
  // Filled with zeros of its usual type.
  if (operator === 'ConstantOfShape') return ['float']
  // A quantised value is restored to the type of its scale.
  return [typeOf(operator === 'Where' || operator === 'DequantizeLinear' ? 1 : 0)]
}
