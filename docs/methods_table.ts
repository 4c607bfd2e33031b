import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelSettings } from '../compiler/analysis/model.js'
import type { Graph } from '../compiler/graph/graph.js'
import { measure, measureNodes } from '../compiler/graph/measure.js'
import { specialise } from '../compiler/graph/phase.js'
import { packageRoot } from '../runtime/package_root.js'
import { compileFile } from '../runtime/specs/spec.js'

/** Each method's model, what it is for, and when to take it. */
const methods: readonly (readonly [model: string, purpose: string, when: string])[] = [
  ['wsban', 'attention, and a crop that teaches the whole image', 'first'],
  ['wsdan', 'attention; one part enlarged and one hidden by chance', 'more training time than for WS-BAN'],
  [
    'cal',
    'WS-DAN whose attention has to beat random attention',
    'WS-DAN works, and a more accurate model is worth longer training',
  ],
  ['tasn', 'the image sampled more densely where attention is', 'details anywhere in the image'],
  ['pmg', 'three stages, each trained on a jigsaw puzzle of its own', 'small differences in texture; large batches'],
  ['nts_net', 'windows that are found by a ranking loss', 'several parts at once'],
  ['mmal', 'the object and windows in it, by activations alone', 'the object is small in the image; a ResNet'],
  ['mge_cnn', 'three experts on finer and finer crops', 'four networks are affordable'],
  ['ra_cnn', 'three scales, whose boxes are learned through the crop', 'one region of varying size'],
  ['stn', 'crops that a small head places', 'regions that no map shows'],
  ['dcl', 'images with shuffled patches in training', 'nothing may be added in inference'],
  ['s3n', 'the image sampled around strong and weak peaks', 'several details; three passes are affordable'],
  ['mamc', 'two attentions, kept apart by comparing images', 'one pass; several images of each class in a batch'],
  ['api_net', 'pairs of similar images that gate each other', 'nothing may be added in inference; large batches'],
  ['cross_x', 'two attentions in two stages, kept apart across images', 'one pass; a network with stages'],
  ['mc_loss', 'channels that belong to classes', 'one pass; some hundred classes at most'],
  ['isqrt_cov', 'the covariance of the channels as the embedding', 'one pass; no localisation'],
  ['bilinear_cnn', 'products of all pairs of channels', 'to compare with'],
  ['compact_bilinear', 'those products, sketched into 8192 numbers', 'one pass; a classifier that stays small'],
  ['pim', 'the most confident cells of four stages', 'a network with four stages: ResNet, ConvNeXt, Swin'],
  ['transfg', 'the patches that a transformer attends to most', 'a vision transformer with a class token'],
  ['ffvt', 'important tokens of all layers', 'a vision transformer; details that early layers see'],
  ['vit_crop', 'a crop by attention rollout', 'a vision transformer that should localise'],
  ['cam', 'a crop by the class activation map', 'the simplest second pass'],
  ['gradcam', 'a crop by Grad-CAM', 'a classifier with a hidden layer'],
  ['adl', 'hiding what is most discriminative', 'the box of the whole object matters'],
  ['acol', 'a second classifier for what the first one ignores', 'the box of the whole object matters'],
  ['distill_teacher', 'a small network that imitates a large one', 'a large trained network exists'],
  ['self_distill', 'features without labels, and a linear probe', 'there are far more images than labels'],
]

/** Returns the table of the methods in Markdown. The costs are multiply-adds, relative to the plain network at the same size. */
export function methodsTable(): string {
  const rows = methods.map(([model, purpose, when]) => {
    const path = join(packageRoot(), 'models', `${model}.wsban`)
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n').length
    const { step, answer } = costOf(path)
    return `| \`${model}\` | ${purpose} | ${when} | ${lines} | ${step} | ${answer} |`
  })
  const head =
    '| model | what it is for | take it when or for | lines | a step | an answer |\n|---|---|---|---|---|---|'
  return [head, ...rows].join('\n')
}

function costOf(path: string): { readonly step: string; readonly answer: string } {
  const graph = compiled(path)
  const plain = plainCost(graph)
  const training = specialise(graph, 'training')
  const step = measureNodes(training, training.nodes).multiplyAdds
  return { step: factor(step / plain), answer: factor(measure(graph).multiplyAdds / plain) }
}

function compiled(path: string, settings?: ModelSettings): Graph {
  const { graph, diagnostics } = compileFile(path, settings)
  if (!graph) throw new Error(`${path}: ${diagnostics.map(({ message }) => message).join('; ')}`)
  return graph
}

const plainCosts = new Map<string, number>()

/** Multiply-adds of the plain classifier on the network and the image size of a model; bilinear CNNs have a VGG-16. */
function plainCost({ settings, image }: Graph): number {
  const { trunk = 'vgg16' } = settings
  const key = `${trunk} ${image.height}`
  const known = plainCosts.get(key)
  if (known !== undefined) return known
  const path = join(packageRoot(), 'models', 'baseline.wsban')
  const cost = measure(compiled(path, { trunk, size: image.height })).multiplyAdds
  plainCosts.set(key, cost)
  return cost
}

function factor(share: number): string {
  return `${share.toFixed(share < 10 ? 1 : 0)}x`
}
