import type { ModuleArgument } from '../../targets/pytorch/lowering.js'
import type { ParameterSpec, Typed } from '../call.js'
import {
  biasArgument,
  dilationArgument,
  filterArgument,
  paddingArgument,
  strideArgument,
} from '../support/arguments.js'
import { windowOf } from '../support/shapes.js'

/** The last arguments of every convolution: how the kernel moves, and whether there is a bias. */
export const windowArguments = [filterArgument, strideArgument, paddingArgument, dilationArgument, biasArgument]

/** Returns the parameter of the bias, if the call has one. */
export function biasOf(call: Typed, channels: number): readonly ParameterSpec[] {
  const initializer = { kind: 'constant', value: 0 } as const
  return call.flag('bias') ? [{ role: 'bias', shape: [channels], initializer, trainable: true }] : []
}

/** Returns the constructor arguments that every convolution has after its channels in PyTorch. */
export function moduleArguments(call: Typed): readonly ModuleArgument[] {
  const { kernel, stride, padding, dilation } = windowOf(call)
  return [
    { name: 'kernel_size', value: pair(kernel), positional: true },
    { name: 'stride', value: pair(stride), default: 1 },
    { name: 'padding', value: pair(padding), default: 0 },
    { name: 'dilation', value: pair(dilation), default: 1 },
    { name: 'bias', value: call.flag('bias'), default: true },
  ]
}

/** Returns a single number if both directions are equal. */
export function pair([vertical, horizontal]: readonly [number, number]): number | readonly number[] {
  return vertical === horizontal ? vertical : [vertical, horizontal]
}
