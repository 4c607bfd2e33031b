import { isOfPairs } from '../../graph/graph.js'
import { slice } from '../../ops/shape/slice.js'
import { axesArgument } from '../../ops/support/axes.js'
import { sizeOf } from '../../ops/support/shapes.js'
import { type BoundArgument, listOf, tensorOf, type Value } from '../values.js'
import type { CompileTimeFunction, FunctionCall, FunctionParameter } from './function.js'

const over: FunctionParameter = {
  name: 'over',
  meaning: 'the axis; by default the first',
  optional: true,
  argument: axesArgument('the axis', 0),
}

/** `split` is made of slices: every target computes what they compute. */
export const split: CompileTimeFunction = {
  name: 'split',
  summary: 'Divides a tensor along one axis, and returns the list of its parts.',
  example: 'halves = split(trunk.layer3, 2, over = channels)\nouter  = halves[0] + halves[1]',
  parameters: [
    { name: 'x', meaning: 'any tensor with a batch' },
    { name: 'parts', meaning: 'the number of equal parts, or the list of their sizes' },
    over,
  ],
  evaluate(call) {
    const x = call.argument('x')
    const type = x && tensorOf(x.value)?.type
    if (!x || !type) return call.wrong('x', 'a tensor')
    const axis = call.axis(over, type)
    if (axis === undefined) return undefined
    if (isOfPairs(type)) return call.wrong('x', 'a tensor with an axis of known length')
    const sizes = sizesOf(call, sizeOf(type.shape, axis))
    if (!sizes) return undefined
    const parts: Value[] = []
    let begin = 0
    for (const [index, size] of sizes.entries()) {
      const number = (value: number): BoundArgument => ({ value: { kind: 'number', value }, span: x.span })
      const values = new Map([
        ['x', x],
        ['begin', number(begin)],
        ['end', number(begin + size)],
        ['over', number(axis - 1)],
      ])
      const part = call.apply(slice, values, index)
      if (!part) return undefined
      parts.push(part)
      begin += size
    }
    return listOf(parts)
  },
}

/** Returns the sizes of the parts, which add up to the size of the axis; undefined for others, which are reported. */
function sizesOf(call: FunctionCall, total: number): readonly number[] | undefined {
  const given = call.argument('parts')?.value
  const sizes = given?.kind === 'list' ? given.items.map(numberOf) : given && equalParts(total, numberOf(given))
  const isWhole = sizes?.every((size) => Number.isInteger(size) && size > 0) ?? false
  if (sizes && isWhole && sizes.reduce((sum, size) => sum + size, 0) === total) return sizes
  return call.wrong('parts', `a divisor of ${total}, or a list of sizes that add up to ${total}`)
}

function equalParts(total: number, count: number): readonly number[] {
  return count >= 1 && count <= total ? Array.from({ length: Math.floor(count) }, () => total / count) : []
}

/** A number without a unit; NaN for anything else. */
function numberOf(value: Value): number {
  return value.kind === 'number' && value.unit === undefined ? value.value : Number.NaN
}
