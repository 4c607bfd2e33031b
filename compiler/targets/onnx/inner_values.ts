import { elementTypes } from './element_types.js'
import { answerNames, type OnnxProgram, type OnnxValue } from './program.js'
import { valueShapes } from './value_shapes.js'

/** Returns the values between inputs and outputs whose shapes are known, with their types: viewers show them, and converters need them. */
export function innerValues(program: OnnxProgram): readonly OnnxValue[] {
  const shapes = valueShapes(program)
  const elements = elementTypes(program)
  const answers = answerNames(program)
  return program.nodes.flatMap(({ outputs }) =>
    outputs.flatMap((name): OnnxValue[] => {
      const [shape, element] = [shapes.get(name), elements.get(name)]
      return shape && element && !answers.has(name) ? [{ name, element, shape }] : []
    }),
  )
}
