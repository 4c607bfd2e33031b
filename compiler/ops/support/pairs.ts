import { elementAt } from '../../../grammar/present.js'
import { type Dimension, isShared, shapeText, type TensorType } from '../../graph/graph.js'
import type { Inference } from '../call.js'
import { dimension, floats, rowsOf, wrongRank } from './shapes.js'

/** Returns the type of one number for each pair of images: [batch, images], both of the batch size. */
export function ofPairs(batch: Dimension): TensorType {
  return floats([batch, dimension('images', undefined)])
}

/** Returns the batch of an argument that has a row for each image; reports anything else. */
export function rowsOfImages(call: Inference, argument: string): Dimension | undefined {
  const type = call.type(argument)
  return isShared(type) ? sharedByAll(call, argument) : rowsOf(call, argument)?.batch
}

/** Returns the batch of an argument that has values of its own for each image; reports anything else. */
export function batchOf(call: Inference, argument: string): Dimension | undefined {
  const type = call.type(argument)
  if (isShared(type)) return sharedByAll(call, argument)
  return type.shape[0] ?? wrongRank(call, argument, 'a tensor with a batch')
}

function sharedByAll(call: Inference, argument: string): undefined {
  const found = `${shapeText(call.type(argument))}, shared by all images`
  return call.fail('wrong-rank', { name: argument, expected: 'a tensor with values for each image', found }, [argument])
}

/** Reports operands whose shapes differ. */
export function shapeMismatch(call: Inference, callee: string, about: readonly string[]): undefined {
  const shapes = about.map((argument) => shapeText(elementAt(call.types(argument), 0)))
  return call.fail('shape-mismatch', { callee, shapes }, about)
}
