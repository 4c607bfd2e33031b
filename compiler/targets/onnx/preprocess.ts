import type { ImageInput } from '../../graph/graph.js'
import type { OnnxStep } from '../../training/setting_spec.js'
import { settings } from '../../training/settings.js'
import type { OnnxProgramBuilder } from './program_builder.js'
import type { ResizeLowering } from './resize_lowering.js'

/** Adds the nodes of the image steps; returns the name of the image that the model sees, float32 [batch, 3, height, width]. */
export function preprocess(
  image: Pick<ImageInput, 'name' | 'steps'>,
  builder: OnnxProgramBuilder,
  resize: ResizeLowering,
): string {
  const adder =
    (path: string): OnnxStep['add'] =>
    (operator, inputs, name, attributes) => {
      const output = name === undefined ? path : builder.free(`${path}/${name}`)
      builder.add(operator, inputs, [output], attributes)
      return output
    }
  let current = decoded(image.name)
  let size: number | undefined
  for (const step of image.steps) {
    const spec = settings.get(step.name)
    if (!spec?.onnx) throw new Error(`${step.name} cannot be part of an exported file`)
    const path = builder.free(`preprocess/${step.name}`)
    const add = adder(path)
    builder.step = { name: step.name, path }
    current = computed(spec.onnx({ ...current(add), arguments: step.arguments, size, resize, builder, add }))
    const resized = spec.resizesTo && step.arguments[spec.resizesTo]
    if (typeof resized === 'number') size = resized
  }
  builder.step = undefined
  return current(adder('preprocess')).channelsFirst()
}

/** The image before a step, which adds the nodes that it needs. */
type Layouts = (add: OnnxStep['add']) => Pick<OnnxStep, 'channelsFirst' | 'channelsLast'>

/** The file's input. Bytes are transposed before they become floats, which takes a third of the memory. */
function decoded(name: string): Layouts {
  return (add) => ({
    channelsFirst: () =>
      add('Cast', [add('Transpose', [name], 'channels_first', { perm: [0, 3, 1, 2] })], 'float', {
        to: { element: 'float' },
      }),
    channelsLast: () => ({ name, element: 'uint8' }),
  })
}

/** The result of a step. */
function computed(name: string): Layouts {
  return (add) => ({
    channelsFirst: () => name,
    channelsLast: () => ({
      name: add('Transpose', [name], 'channels_last', { perm: [0, 2, 3, 1] }),
      element: 'float',
    }),
  })
}
