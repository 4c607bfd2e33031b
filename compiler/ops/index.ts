import { present } from '../../grammar/present.js'
import { add } from './add.js'
import { attentionDropout } from './attention_dropout.js'
import { attentionSampler } from './attention_sampler.js'
import { avgPool } from './avg_pool.js'
import { bap } from './bap.js'
import { batchNorm } from './batch_norm.js'
import { byPhase } from './by_phase.js'
import { centerLoss } from './center_loss.js'
import { channels } from './channels.js'
import { classActivationMap } from './class_activation_map.js'
import { concat } from './concat.js'
import { conv2d } from './conv2d.js'
import { cropSampler } from './crop_sampler.js'
import { crossEntropy } from './cross_entropy.js'
import { depthwiseConv2d } from './depthwise_conv2d.js'
import { detach } from './detach.js'
import { distill } from './distill.js'
import { div } from './div.js'
import { dropSampler } from './drop_sampler.js'
import { dropout } from './dropout.js'
import { flatten } from './flatten.js'
import { globalAvgPool } from './global_avg_pool.js'
import { l2Normalize } from './l2_normalize.js'
import { linear } from './linear.js'
import { maxPool } from './max_pool.js'
import { mean } from './mean.js'
import { mul } from './mul.js'
import type { Operation } from './operation.js'
import { outerProduct } from './outer_product.js'
import { randomMap } from './random_map.js'
import { relu } from './relu.js'
import { relu6 } from './relu6.js'
import { reshape } from './reshape.js'
import { resize } from './resize.js'
import { scale } from './scale.js'
import { signedSqrt } from './signed_sqrt.js'
import { softmax } from './softmax.js'
import { sub } from './sub.js'
import { sum } from './sum.js'
import { trilinearAttention } from './trilinear_attention.js'

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
