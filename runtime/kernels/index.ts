export { addRows } from './add_rows.js'
export {
  type BatchNormOptions,
  type BatchNormParameters,
  batchNorm,
  type FusedActivation,
  fusesActivation,
} from './batch_norm.js'
export { convTranspose2d, type TransposedOptions } from './conv_transpose2d.js'
export { type ConvolutionOptions, conv2d } from './conv2d.js'
export { depthwiseConv2d } from './depthwise_conv2d.js'
export { groupedConv2d } from './grouped_conv2d.js'
export { membership } from './membership.js'
export type { Pair } from './pair.js'
export { type AvgPoolOptions, avgPool, globalAvgPool, type MaxPoolOptions, maxPool } from './pool.js'
export { relu, relu6 } from './relu.js'
