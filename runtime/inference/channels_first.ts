import type { Outputs } from './answer.js'

/** The engine has feature maps channels-last, ONNX channels-first. */
export function channelsFirst({ values, shape }: Outputs[string]): Outputs[string] {
  const [batch = 1, height = 1, width = 1, channels = 1] = shape
  if (shape.length !== 4) return { values, shape }
  const turned = new Float32Array(values.length)
  const area = height * width
  for (let b = 0; b < batch; b++)
    for (let cell = 0; cell < area; cell++)
      for (let c = 0; c < channels; c++)
        turned[(b * channels + c) * area + cell] = values[(b * area + cell) * channels + c] as number
  return { values: turned, shape: [batch, channels, height, width] }
}
