import { present } from '../../grammar/present.js'
import { elu } from './activations/elu.js'
import { gelu } from './activations/gelu.js'
import { hardSigmoid } from './activations/hard_sigmoid.js'
import { hardSwish } from './activations/hard_swish.js'
import { leakyRelu } from './activations/leaky_relu.js'
import { logSoftmax } from './activations/log_softmax.js'
import { relu } from './activations/relu.js'
import { relu6 } from './activations/relu6.js'
import { sigmoid } from './activations/sigmoid.js'
import { signedSqrt } from './activations/signed_sqrt.js'
import { silu } from './activations/silu.js'
import { softmax } from './activations/softmax.js'
import { softplus } from './activations/softplus.js'
import { tanh } from './activations/tanh.js'
import { add } from './arithmetic/add.js'
import { div } from './arithmetic/div.js'
import { mul } from './arithmetic/mul.js'
import { scale } from './arithmetic/scale.js'
import { sub } from './arithmetic/sub.js'
import { bap } from './attention/bap.js'
import { classActivationMap } from './attention/class_activation_map.js'
import { dotProductAttention } from './attention/dot_product_attention.js'
import { outerProduct } from './attention/outer_product.js'
import { randomMap } from './attention/random_map.js'
import { trilinearAttention } from './attention/trilinear_attention.js'
import { equal } from './comparison/equal.js'
import { greater } from './comparison/greater.js'
import { greaterEqual } from './comparison/greater_equal.js'
import { less } from './comparison/less.js'
import { lessEqual } from './comparison/less_equal.js'
import { maximum } from './comparison/maximum.js'
import { minimum } from './comparison/minimum.js'
import { notEqual } from './comparison/not_equal.js'
import { where } from './comparison/where.js'
import { constant } from './constants/constant.js'
import { eye } from './constants/eye.js'
import { fixedRandom } from './constants/fixed_random.js'
import { parameter } from './constants/parameter.js'
import { range } from './constants/range.js'
import { convTranspose2d } from './convolution/conv_transpose2d.js'
import { conv2d } from './convolution/conv2d.js'
import { depthwiseConv2d } from './convolution/depthwise_conv2d.js'
import { linear } from './convolution/linear.js'
import { byPhase } from './gradients/by_phase.js'
import { detach } from './gradients/detach.js'
import { batchMean } from './losses/batch_mean.js'
import { centerLoss } from './losses/center_loss.js'
import { crossEntropy } from './losses/cross_entropy.js'
import { distill } from './losses/distill.js'
import { batchNorm } from './normalization/batch_norm.js'
import { groupNorm } from './normalization/group_norm.js'
import { l2Normalize } from './normalization/l2_normalize.js'
import { layerNorm } from './normalization/layer_norm.js'
import { rmsNorm } from './normalization/rms_norm.js'
import type { Operation } from './operation.js'
import { pairwise } from './pairs/pairwise.js'
import { sameImage } from './pairs/same_image.js'
import { sameLabel } from './pairs/same_label.js'
import { selectImages } from './pairs/select_images.js'
import { abs } from './pointwise/abs.js'
import { clamp } from './pointwise/clamp.js'
import { cos } from './pointwise/cos.js'
import { exp } from './pointwise/exp.js'
import { log } from './pointwise/log.js'
import { pow } from './pointwise/pow.js'
import { reciprocal } from './pointwise/reciprocal.js'
import { sign } from './pointwise/sign.js'
import { sin } from './pointwise/sin.js'
import { sqrt } from './pointwise/sqrt.js'
import { square } from './pointwise/square.js'
import { avgPool } from './pooling/avg_pool.js'
import { globalAvgPool } from './pooling/global_avg_pool.js'
import { maxPool } from './pooling/max_pool.js'
import { einsum } from './products/einsum.js'
import { matmul } from './products/matmul.js'
import { bernoulli } from './random/bernoulli.js'
import { randomNormal } from './random/random_normal.js'
import { randomUniform } from './random/random_uniform.js'
import { cumsum } from './reductions/cumsum.js'
import { logsumexp } from './reductions/logsumexp.js'
import { max } from './reductions/max.js'
import { mean } from './reductions/mean.js'
import { min } from './reductions/min.js'
import { sum } from './reductions/sum.js'
import { variance } from './reductions/variance.js'
import { attentionDropout } from './regularization/attention_dropout.js'
import { dropPath } from './regularization/drop_path.js'
import { dropout } from './regularization/dropout.js'
import { attentionSampler } from './sampling/attention_sampler/operation.js'
import { cropSampler } from './sampling/crop_sampler/operation.js'
import { dropSampler } from './sampling/drop_sampler.js'
import { gridSample } from './sampling/grid_sample.js'
import { argmax } from './selection/argmax.js'
import { cascade } from './selection/cascade.js'
import { topK } from './selection/top_k.js'
import { concat } from './shape/concat.js'
import { coordinates } from './shape/coordinates.js'
import { flatten } from './shape/flatten.js'
import { gather } from './shape/gather.js'
import { oneHot } from './shape/one_hot.js'
import { pad } from './shape/pad.js'
import { perImage } from './shape/per_image.js'
import { permute } from './shape/permute.js'
import { pixelShuffle } from './shape/pixel_shuffle.js'
import { reshape } from './shape/reshape.js'
import { resize } from './shape/resize.js'
import { roll } from './shape/roll.js'
import { slice } from './shape/slice.js'
import { stack } from './shape/stack.js'
import { unfold } from './shape/unfold.js'

/** Every operation of the language: the only list of them. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  [
    abs,
    add,
    argmax,
    attentionDropout,
    attentionSampler,
    avgPool,
    bap,
    batchMean,
    batchNorm,
    bernoulli,
    byPhase,
    cascade,
    centerLoss,
    clamp,
    classActivationMap,
    concat,
    constant,
    conv2d,
    convTranspose2d,
    cos,
    cropSampler,
    crossEntropy,
    cumsum,
    depthwiseConv2d,
    detach,
    distill,
    div,
    dotProductAttention,
    dropout,
    dropPath,
    dropSampler,
    einsum,
    elu,
    equal,
    exp,
    eye,
    fixedRandom,
    coordinates,
    flatten,
    gather,
    gelu,
    globalAvgPool,
    greater,
    greaterEqual,
    gridSample,
    groupNorm,
    hardSigmoid,
    hardSwish,
    l2Normalize,
    layerNorm,
    leakyRelu,
    less,
    lessEqual,
    linear,
    log,
    logSoftmax,
    logsumexp,
    matmul,
    max,
    maximum,
    maxPool,
    mean,
    min,
    minimum,
    mul,
    notEqual,
    oneHot,
    outerProduct,
    pairwise,
    parameter,
    perImage,
    pad,
    permute,
    pixelShuffle,
    pow,
    randomMap,
    randomNormal,
    randomUniform,
    range,
    reciprocal,
    relu,
    relu6,
    reshape,
    resize,
    rmsNorm,
    roll,
    sameImage,
    sameLabel,
    scale,
    selectImages,
    sigmoid,
    sign,
    signedSqrt,
    silu,
    sin,
    slice,
    softmax,
    softplus,
    sqrt,
    square,
    stack,
    sub,
    sum,
    tanh,
    topK,
    trilinearAttention,
    unfold,
    variance,
    where,
  ].map((operation) => [operation.name, operation]),
)

/** Returns the operation of a node in the graph, which always exists. */
export function operationNamed(name: string): Operation {
  return present(operations.get(name), `an operation \`${name}\``)
}
