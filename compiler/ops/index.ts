import { present } from '../../grammar/present.js'
import { relu } from './activations/relu.js'
import { relu6 } from './activations/relu6.js'
import { signedSqrt } from './activations/signed_sqrt.js'
import { softmax } from './activations/softmax.js'
import { add } from './arithmetic/add.js'
import { div } from './arithmetic/div.js'
import { mul } from './arithmetic/mul.js'
import { scale } from './arithmetic/scale.js'
import { sub } from './arithmetic/sub.js'
import { bap } from './attention/bap.js'
import { classActivationMap } from './attention/class_activation_map.js'
import { outerProduct } from './attention/outer_product.js'
import { randomMap } from './attention/random_map.js'
import { trilinearAttention } from './attention/trilinear_attention.js'
import { conv2d } from './convolution/conv2d.js'
import { depthwiseConv2d } from './convolution/depthwise_conv2d.js'
import { linear } from './convolution/linear.js'
import { byPhase } from './gradients/by_phase.js'
import { detach } from './gradients/detach.js'
import { centerLoss } from './losses/center_loss.js'
import { crossEntropy } from './losses/cross_entropy.js'
import { distill } from './losses/distill.js'
import { batchNorm } from './normalization/batch_norm.js'
import { l2Normalize } from './normalization/l2_normalize.js'
import type { Operation } from './operation.js'
import { avgPool } from './pooling/avg_pool.js'
import { globalAvgPool } from './pooling/global_avg_pool.js'
import { maxPool } from './pooling/max_pool.js'
import { mean } from './reductions/mean.js'
import { sum } from './reductions/sum.js'
import { attentionDropout } from './regularization/attention_dropout.js'
import { dropout } from './regularization/dropout.js'
import { attentionSampler } from './sampling/attention_sampler/operation.js'
import { cropSampler } from './sampling/crop_sampler/operation.js'
import { dropSampler } from './sampling/drop_sampler.js'
import { channels } from './shape/channels.js'
import { concat } from './shape/concat.js'
import { flatten } from './shape/flatten.js'
import { reshape } from './shape/reshape.js'
import { resize } from './shape/resize.js'

/** Every operation of the language. Nothing else lists them. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  [
    add,
    attentionDropout,
    attentionSampler,
    avgPool,
    bap,
    batchNorm,
    byPhase,
    centerLoss,
    channels,
    classActivationMap,
    concat,
    conv2d,
    cropSampler,
    crossEntropy,
    depthwiseConv2d,
    detach,
    distill,
    div,
    dropout,
    dropSampler,
    flatten,
    globalAvgPool,
    l2Normalize,
    linear,
    maxPool,
    mean,
    mul,
    outerProduct,
    randomMap,
    relu,
    relu6,
    reshape,
    resize,
    scale,
    signedSqrt,
    softmax,
    sub,
    sum,
    trilinearAttention,
  ].map((operation) => [operation.name, operation]),
)

/** An operation that the compiler itself put into the graph. */
export function operationNamed(name: string): Operation {
  return present(operations.get(name), `an operation \`${name}\``)
}
