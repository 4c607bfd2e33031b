import type { ArgumentSpec } from '../operation.js'

/** Arguments that several operations share, so that they mean the same everywhere. */

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

/** The kernel of a convolution: the weights have it, so code that reads them need not. */
export const filterArgument: ArgumentSpec = {
  name: 'kernel',
  kind: { is: 'pair', from: 1 },
  meaning: 'height and width of the filters; one number for both, or [height, width]',
  weightsOnly: true,
}

export const strideArgument: ArgumentSpec = {
  name: 'stride',
  kind: { is: 'pair', from: 1 },
  default: 1,
  meaning: 'cells from one place of the window to the next',
  varies: true,
}

export const poolStrideArgument: ArgumentSpec = {
  ...strideArgument,
  default: null,
  meaning: 'cells from one place of the window to the next; the kernel itself when not given',
}

export const paddingArgument: ArgumentSpec = {
  name: 'padding',
  kind: { is: 'pair', from: 0 },
  default: 0,
  meaning: 'empty cells put around the map on each side',
  varies: true,
}

export const dilationArgument: ArgumentSpec = {
  name: 'dilation',
  kind: { is: 'pair', from: 1 },
  default: 1,
  meaning: 'distance between the cells that the kernel looks at',
  varies: true,
}

export const biasArgument: ArgumentSpec = {
  name: 'bias',
  kind: { is: 'boolean' },
  default: true,
  meaning: 'whether a learned constant is added to each output channel',
}

export const rateArgument: ArgumentSpec = {
  name: 'rate',
  kind: { is: 'number', from: 0, below: 1 },
  default: 0.5,
  meaning: 'the chance of being dropped',
  advice: 'a chance below 100 %, such as 20%',
  varies: true,
}
