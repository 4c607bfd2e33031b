import type { OnnxAttribute } from '../../targets/onnx/program.js'
import type { Window } from './shapes.js'

/** Attributes that ONNX's Conv, MaxPool and AveragePool have in common. */
export function windowAttributes({ kernel, stride, padding }: Window): Record<string, OnnxAttribute> {
  return { kernel_shape: [...kernel], strides: [...stride], pads: [...padding, ...padding] }
}

export function convolutionAttributes(window: Window, groups: number): Record<string, OnnxAttribute> {
  return { ...windowAttributes(window), dilations: [...window.dilation], group: groups }
}
