import { elementAt } from '../../grammar/present.js'
import type { Span } from '../../grammar/tree.js'

/** One dimension of a tensor. The batch has no size: it is whatever arrives. A batch of size 1 is shared by all images: a learned token. */
export interface Dimension {
  /** Its name: batch, channels, height, width, maps, classes, features. */
  readonly name: string
  readonly size: number | undefined
}

export type Shape = readonly Dimension[]

/** Layout is channels-first: feature maps are [batch, channels, height, width]. */
export interface TensorType {
  readonly element: 'float' | 'label'
  readonly shape: Shape
  /** For a label: how many classes there are. */
  readonly classes?: number
}

/** One output of one node. */
export interface ValueRef {
  readonly node: number
  readonly output: number
}

/** A number drawn anew for each image. */
export interface Uniform {
  readonly kind: 'uniform'
  readonly low: number
  readonly high: number
}

/** `training ? a : b` between constants; a pass settles it. */
export interface ByPhase {
  readonly kind: 'by-phase'
  readonly training: Attribute
  readonly evaluation: Attribute
}

export type Attribute = number | boolean | string | readonly number[] | Uniform | ByPhase

export type Phase = 'training' | 'inference'

export interface Node {
  readonly id: number
  /** The operation's name in the registry. */
  readonly operation: string
  /** The bindings around it, outermost first: master, trunk, Mixed_6e, branch7x7_1, conv. Unique in the graph. */
  readonly path: readonly string[]
  /** Which argument each input belongs to; an argument of several tensors stands here several times. */
  readonly inputs: readonly { readonly argument: string; readonly value: ValueRef }[]
  readonly attributes: Readonly<Record<string, Attribute>>
  /** Parameter names by the operation's role for them: weight, bias, running_mean. */
  readonly parameters: Readonly<Record<string, string>>
  readonly outputs: readonly TensorType[]
  /** The call of a block or branch in which it was made. */
  readonly frame: number
  /** Its path in that frame, if it is the value of a binding. */
  readonly local?: readonly string[]
  readonly span: Span
}

export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'normal'; readonly deviation: number }

/** Rows of a position embedding: some before, such as that of a class token, then one for each cell of a grid. */
export interface Positions {
  readonly grid: readonly [height: number, width: number]
  readonly prefix: number
}

/** A part of the model whose parameters are moving averages of those of another one, such as the teacher of a self-distillation. */
export interface MovingAverage {
  /** The path of the averages, and that of what they average: teacher, student. */
  readonly path: string
  readonly of: string
  /** Weight of the previous average in each step. */
  readonly decay: number
}

/** A weight or a statistic. Its name is a checkpoint's key; its shape is the one PyTorch stores. */
export interface Parameter {
  readonly name: string
  readonly shape: readonly number[]
  readonly initializer: Initializer
  /** False for statistics, centres and moving averages, which training updates without a gradient. */
  readonly trainable: boolean
  readonly average?: MovingAverage
  /** How TensorFlow.js stores it: the permutation of its dimensions. Absent: as it is. */
  readonly tfjsLayout?: readonly number[]
  /** For a position embedding, which loads from a checkpoint of another grid, too. */
  readonly positions?: Positions
  /** Of the variance of a batch norm: the number that is added to it, which no checkpoint holds. */
  readonly eps?: number
  readonly span: Span
}

/** One call of a block or a branch, or the model itself (frame 0): what one function of generated code is made from. */
export interface Frame {
  readonly id: number
  /** `second`: what only the second prediction of a selection needs; code generators make it. */
  readonly kind: 'model' | 'branch' | 'block' | 'second'
  /** The block's or branch's name. */
  readonly definition: string
  readonly path: readonly string[]
  /** Where its parameters are: the path of the first call, when this one shares its weights. */
  readonly parameterPath: readonly string[]
  readonly parent: number | undefined
  /** Tensors given to it, by the names of the definition's parameters. */
  readonly inputs: readonly { readonly name: string; readonly value: ValueRef }[]
  /** Its nodes and inner frames, in order. */
  readonly items: ({ readonly node: number } | { readonly frame: number })[]
  result?: ValueRef
  /** Its path in the outer frame, if it is the value of a binding. */
  readonly local?: readonly string[]
  readonly span: Span
}

/** An image step, optimiser or schedule with all its arguments. */
export interface Setting {
  readonly name: string
  readonly arguments: Readonly<Record<string, number | boolean | string | readonly number[]>>
}

/** A part of the model that learns in its own way: `backbone = group(master.trunk, rate = 10%)`. */
export interface ParameterGroup {
  readonly name: string
  /** Its parameters are those below this path: master.trunk. The longest path wins where several fit. */
  readonly path: string
  /** Factor on the optimizer's rate. */
  readonly rate: number
  /** Instead of the optimizer's. */
  readonly weightDecay?: number
  /** Epochs from the beginning in which it does not learn. */
  readonly frozen: number | 'all'
  /** With a decay of the rate by layer: the factor of each layer, by the path of its parameters or of a single one; the longest path wins. */
  readonly layers?: Readonly<Record<string, number>>
}

/** How batches are filled: so many classes with so many images each. */
export interface ClassSampler {
  readonly classes: number
  readonly images: number
}

/** How the outputs of frozen parts are kept. */
export interface FeatureCache {
  /** Different augmentations of each image. */
  readonly views: number
  readonly precision: 'single' | 'half'
}

export interface TrainingPlan {
  readonly epochs: number
  readonly batch: number
  readonly optimizer: Setting
  readonly schedule: Setting
  readonly groups: readonly ParameterGroup[]
  /** Batches a step. */
  readonly accumulate: number
  /** The losses of each of several optimizer steps on one batch; absent for a single step with all losses. */
  readonly steps?: readonly (readonly string[])[]
  /** The largest norm of all gradients together; 0 for no limit. */
  readonly clip: number
  readonly classWeights: 'none' | 'balanced'
  /** Epochs without a better score after which training ends; 0 for never. */
  readonly patience: number
  readonly average?: Setting
  /** Without one, all images take turns in a random order. */
  readonly sampler?: ClassSampler
  /** Without one, frozen parts are computed in every epoch. */
  readonly cache?: FeatureCache
  /** The preprocessing in training, in place of `ImageInput.steps` except for the normalisation. */
  readonly augment?: readonly Setting[]
  /** How batches are mixed: one of these for each, by chance. */
  readonly mix?: readonly Setting[]
}

export interface ImageInput {
  readonly name: string
  readonly value: ValueRef
  readonly channels: number
  readonly height: number
  readonly width: number
  /** From a decoded image to the tensor, in evaluation and in the exported file. */
  readonly steps: readonly Setting[]
}

/** The kinds of label inputs: one of several classes, any number of labels, or numbers. */
export const labelKinds = ['Class', 'Labels', 'Value'] as const
export type LabelKind = (typeof labelKinds)[number]

export interface LabelInput {
  readonly name: string
  readonly value: ValueRef
  readonly kind: LabelKind
  /** The number of classes, labels or values. */
  readonly size: number
}

export interface NamedValue {
  readonly name: string
  readonly value: ValueRef
}

/** A further augmentation of the image, which exists in training alone. */
export interface ViewInput extends NamedValue {
  /** Height and width. */
  readonly size: number
  /** From a decoded image to the tensor. */
  readonly steps: readonly Setting[]
}

/** How a prediction is to be read, and by which label input it is measured. */
export type Meaning =
  /** Probabilities of classes, of labels that do not exclude each other, or values. */
  | { readonly kind: 'classes' | 'labels' | 'values'; readonly of: string }
  /** Other numbers in a row. */
  | { readonly kind: 'embedding' }
  | { readonly kind: 'tensor' }

export interface Prediction extends NamedValue {
  readonly meaning: Meaning
}

export interface BranchLogits extends NamedValue {
  /** The Class input that they belong to. */
  readonly of?: string
}

/** The box of a crop and the map that it was computed from, which are outputs of an exported file. */
export interface CropOutputs {
  /** The names of the outputs: `boxes` and `attention` for the first crop, `boxes/NAME` and `attention/NAME` for the others. */
  readonly names: { readonly box: string; readonly guide: string }
  readonly box: ValueRef
  readonly guide: ValueRef
}

/** `weights = "..."` on a call of a block: what its parameters begin with. */
export interface Pretrained {
  /** The parameters' path: master.trunk. */
  readonly path: readonly string[]
  /** A published name, or a file seen from the spec. */
  readonly source: string
  /** Whether some may be missing. */
  readonly partial: boolean
  readonly span: Span
}

/** A model: nodes in single assignment, each after what it uses. */
export interface Graph {
  readonly name: string
  /** The model's parameters (classes, size, maps) as they were set. */
  readonly settings: Readonly<Record<string, number | boolean | string>>
  readonly nodes: readonly Node[]
  readonly frames: readonly Frame[]
  readonly parameters: ReadonlyMap<string, Parameter>
  readonly image: ImageInput
  readonly labels: readonly LabelInput[]
  readonly views: readonly ViewInput[]
  /** Inputs that hold the features of a frozen part, where that has been split off. */
  readonly features?: readonly NamedValue[]
  /** The first Class input: its classes are those of the model. */
  readonly label: LabelInput | undefined
  /** The loss block's lines; training makes their sum small. */
  readonly losses: readonly NamedValue[]
  readonly predictions: readonly Prediction[]
  /** `logits` of each branch that has them. */
  readonly logits: readonly BranchLogits[]
  /** In the order in which the model calls them. */
  readonly crops: readonly CropOutputs[]
  /** For each selection between two predictions, whether an image kept the first one: [batch], 1 or 0. */
  readonly early: readonly NamedValue[]
  readonly pretrained: readonly Pretrained[]
  readonly plan: TrainingPlan
}

/** Returns what a model is given in training: the image, in the order of its parameters label inputs and views, and features of a frozen part. */
export function trainingInputs({ image, labels, views, features = [] }: Graph): readonly NamedValue[] {
  return [image, ...labels, ...views, ...features]
}

/** Returns the name of the parameter that a moving average averages. */
export function averagedName(name: string, { path, of }: MovingAverage): string {
  return `${of}${name.slice(path.length)}`
}

/** Returns the parts that are moving averages of others, each once. */
export function movingAverages(parameters: Iterable<Pick<Parameter, 'average'>>): readonly MovingAverage[] {
  const byPath = new Map<string, MovingAverage>()
  for (const { average } of parameters) if (average) byPath.set(average.path, average)
  return [...byPath.values()]
}

/** Whether all images share the tensor. */
export function isShared({ shape }: TensorType): boolean {
  return shape[0]?.size === 1
}

/** Whether it has one number for each pair of images: its second axis, too, is as long as the batch that arrives. */
export function isOfPairs({ shape }: TensorType): boolean {
  return shape.slice(1).some(({ size }) => size === undefined)
}

/** Returns the path of the operation that a parameter belongs to. A parameter without a role is named by that path alone. */
export function ownerPath(name: string, role: string): readonly string[] {
  return (role === '' ? name : name.slice(0, -role.length - 1)).split('.')
}

export function sameValue(a: ValueRef, b: ValueRef): boolean {
  return a.node === b.node && a.output === b.output
}

export function typeOf(graph: Pick<Graph, 'nodes'>, value: ValueRef): TensorType {
  return elementAt(elementAt(graph.nodes, value.node).outputs, value.output)
}

/** `768 x 26 x 26`: as people say it, the batch left out. A scalar is `one number`. */
export function shapeText(type: TensorType): string {
  if (isOfPairs(type)) return 'one number for each pair of images'
  const sizes = type.shape.slice(1).map((dimension) => String(dimension.size))
  if (type.element === 'label') return 'a label'
  return sizes.length > 0 ? sizes.join(' x ') : 'one number'
}

export function settle(attribute: Attribute, phase: Phase): Exclude<Attribute, ByPhase> {
  if (typeof attribute !== 'object' || !('kind' in attribute) || attribute.kind !== 'by-phase') return attribute
  return settle(phase === 'training' ? attribute.training : attribute.evaluation, phase)
}
