import type { ModuleArgument } from '../../targets/pytorch/lowering.js'
import type { Typed } from '../call.js'
import { windowOf } from '../support/shapes.js'

/** Constructor arguments that every convolution has after its channels. */
export function convolutionArguments(call: Typed): readonly ModuleArgument[] {
  const { kernel, stride, padding, dilation } = windowOf(call)
  return [
    { name: 'kernel_size', value: pair(kernel), positional: true },
    { name: 'stride', value: pair(stride), default: 1 },
    { name: 'padding', value: pair(padding), default: 0 },
    { name: 'dilation', value: pair(dilation), default: 1 },
    { name: 'bias', value: call.flag('bias'), default: true },
  ]
}

/** One number where both sides have it. */
function pair([vertical, horizontal]: readonly [number, number]): number | readonly number[] {
  return vertical === horizontal ? vertical : [vertical, horizontal]
}
