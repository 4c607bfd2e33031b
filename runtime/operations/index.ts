export {
  attentionDropout,
  bap,
  detach,
  dropout,
  dropPath,
  l2Normalize,
  outerProduct,
  signedSqrt,
  trilinearAttention,
} from './attention.js'
export { attentionSampler } from './attention_sampler.js'
export { cascade, cascadeSkipping } from './cascade.js'
export { compare, maximum, minimum, where } from './comparison.js'
export { type CropSamplerOptions, cropSampler } from './crop_sampler.js'
export { type AttentionOptions, dotProductAttention } from './dot_product_attention.js'
export { dropSampler } from './drop_sampler.js'
export { einsum } from './einsum.js'
export { fixedRandom } from './fixed_random.js'
export { gridSample } from './grid_sample.js'
export { groupNorm } from './group_norm.js'
export { layerNorm } from './layer_norm.js'
export { batchNorm, type ConvolutionOptions, conv2d, convTranspose2d, depthwiseConv2d, type Pair } from './layers.js'
export { linear } from './linear.js'
export { type CenterLossOptions, centerLoss, crossEntropy, distill } from './losses.js'
export { matmul } from './matmul.js'
export { bernoulli, randomNormal, randomUniform } from './noise.js'
export { pairwiseProducts, sameImage, sameLabel, selectImages, squaredDistances } from './pairs.js'
export { abs, clamp, elu, gelu, hardSigmoid, hardSwish, pow, sign, silu } from './pointwise.js'
export { classActivationMap, randomMap } from './random_map.js'
export { cumsum, logsumexp, maxOver, minOver, variance } from './reductions.js'
export { rmsNorm } from './rms_norm.js'
export { argmax, oneHot, topK } from './selection.js'
export {
  constant,
  coordinates,
  gather,
  perImage,
  pixelShuffle,
  range,
  resize,
  resizeMap,
  roll,
  stack,
} from './shapes.js'
export { logSoftmaxOver, softmaxOver } from './softmax.js'
export type { Range } from './threshold.js'
export { unfold } from './unfold.js'
