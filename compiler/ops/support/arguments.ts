import { keyword, literal } from '../../targets/pytorch/expression.js'
import type { ArgumentSpec } from '../operation.js'

/** Arguments shared by several operations, with the same meaning in all. */

export const tensorArgument = (name: string, meaning: string): ArgumentSpec => ({
  name,
  kind: { is: 'tensor' },
  meaning,
})

export const kernelArgument: ArgumentSpec = {
  name: 'kernel',
  kind: { is: 'pair', from: 1 },
  meaning: 'height and width of the window; one number for both, or [height, width]',
  varies: true,
}

/** The kernel of a convolution. Its size is that of the weights, so code that reads them does not need it. */
export const filterArgument: ArgumentSpec = {
  name: 'kernel',
  kind: { is: 'pair', from: 1 },
  meaning: 'height and width of the filters; one number for both, or [height, width]',
  weightsOnly: true,
}

/** For a reduction whose result broadcasts with its operand. */
export const keepArgument: ArgumentSpec = {
  name: 'keep',
  kind: { is: 'boolean' },
  default: false,
  meaning: 'whether the reduced axes stay, with size 1',
}

export const keepKeyword = (call: { flag(argument: string): boolean }) =>
  call.flag('keep') ? keyword('keepdim', literal(true)) : undefined

export const strideArgument: ArgumentSpec = {
  name: 'stride',
  kind: { is: 'pair', from: 1 },
  default: 1,
  meaning: 'step of the window, in cells',
  varies: true,
}

export const poolStrideArgument: ArgumentSpec = {
  ...strideArgument,
  default: null,
  meaning: 'step of the window, in cells; by default the kernel size',
}

export const paddingArgument: ArgumentSpec = {
  name: 'padding',
  kind: { is: 'pair', from: 0 },
  default: 0,
  meaning: 'number of cells added on each side',
  varies: true,
}

export const ceilArgument: ArgumentSpec = {
  name: 'ceil',
  kind: { is: 'boolean' },
  default: false,
  meaning: 'whether the last window may extend beyond the border, as with ceil_mode in torch',
}

export const dilationArgument: ArgumentSpec = {
  name: 'dilation',
  kind: { is: 'pair', from: 1 },
  default: 1,
  meaning: 'distance between the kernel cells',
  varies: true,
}

export const biasArgument: ArgumentSpec = {
  name: 'bias',
  kind: { is: 'boolean' },
  default: true,
  meaning: 'whether a learned bias is added to each output channel',
}

export const rateArgument: ArgumentSpec = {
  name: 'rate',
  kind: { is: 'number', from: 0, below: 1 },
  default: 0.5,
  meaning: 'probability of being dropped',
  advice: 'a probability below 100 %, such as 20%',
  varies: true,
}
