import { elementAt, present } from '../../../grammar/present.js'
import { bodiesOf, inputOf, type OnnxElement, type OnnxNode, type OnnxProgram } from './program.js'

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
  for (const node of nodes) {
    const own = outputElements(node, types)
    for (const [index, name] of node.outputs.entries()) types.set(name, own[index] ?? elementAt(own, 0))
  }
  return types
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
  if (operator === 'Loop' && body)
    return body.outputs.slice(1).map((output, index) => {
      const carried = types.get(inputOf(node, index + 2))
      return carried ?? ('element' in output ? output.element : 'float')
    })
  if (operator === 'If' && body) return body.outputs.map((output) => ('element' in output ? output.element : 'float'))
  if (operator === 'TopK') return [typeOf(0), 'int64']
  // Filled with zeros of its usual type.
  if (operator === 'ConstantOfShape') return ['float']
  // A quantised value is restored to the type of its scale.
  return [typeOf(operator === 'Where' || operator === 'DequantizeLinear' ? 1 : 0)]
}
