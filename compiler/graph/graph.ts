import { elementAt } from '../../grammar/present.js'
import type { Span } from '../../grammar/tree.js'

/** One dimension of a tensor. The batch has no size. A batch of size 1 is shared by all images: a learned token. */
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
  /** For a label: the number of classes. */
  readonly classes?: number
}

/** One output of one node. */
export interface ValueRef {
  readonly node: number
  readonly output: number
}

/** A number that is drawn for each image. */
export interface Uniform {
  readonly kind: 'uniform'
  readonly low: number
  readonly high: number
}

/** `training ? a : b` between constants, which a pass resolves. */
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
  /** Which argument each input belongs to; an argument with several tensors occurs several times. */
  readonly inputs: readonly { readonly argument: string; readonly value: ValueRef }[]
  readonly attributes: Readonly<Record<string, Attribute>>
  /** Parameter names by the operation's role for them: weight, bias, running_mean. */
  readonly parameters: Readonly<Record<string, string>>
  readonly outputs: readonly TensorType[]
  /** The call of a block or branch that created it. */
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
  /** The path of the averages, and of the averaged part: teacher, student. */
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
  /** The permutation of its dimensions in TensorFlow.js; absent if the layouts are equal. */
  readonly tfjsLayout?: readonly number[]
  /** For a position embedding, which loads from a checkpoint of another grid, too. */
  readonly positions?: Positions
  /** The eps of a batch norm, which checkpoints do not store. */
  readonly eps?: number
  readonly span: Span
}

/** One call of a block or a branch, or the model itself (frame 0): the unit of which one function of generated code is made. */
export interface Frame {
  readonly id: number
  /** `second`: nodes that only the second prediction of a selection needs, grouped by code generators. */
  readonly kind: 'model' | 'branch' | 'block' | 'second'
  /** The block's or branch's name. */
  readonly definition: string
  readonly path: readonly string[]
  /** The path of its parameters: that of the first call if it shares weights. */
  readonly parameterPath: readonly string[]
  readonly parent: number | undefined
  /** Its tensor inputs, by the names of the definition's parameters. */
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

/** A parameter group: `backbone = group(master.trunk, rate = 10%)`. */
export interface ParameterGroup {
  readonly name: string
  /** Its parameters are those below this path: master.trunk. Of several matching paths the longest one applies. */
  readonly path: string
  /** Factor on the optimizer's rate. */
  readonly rate: number
  /** Instead of the optimizer's. */
  readonly weightDecay?: number
  /** Epochs from the start in which it is frozen. */
  readonly frozen: number | 'all'
  /**
   * With layer-wise learning rate decay: the factor of each layer, by the path of its parameters or of a single one; the longest matching path
   * applies.
   */
  readonly layers?: Readonly<Record<string, number>>
}

/** A sampler that fills batches with a number of classes and a number of images of each. */
export interface ClassSampler {
  readonly classes: number
  readonly images: number
}

/** How the outputs of frozen parts are cached. */
export interface FeatureCache {
  /** The number of different augmentations of each image. */
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
  /** The maximum global gradient norm; 0 for no limit. */
  readonly clip: number
  readonly classWeights: 'none' | 'balanced'
  /** Epochs without a better score after which training ends; 0 for never. */
  readonly patience: number
  readonly average?: Setting
  /** By default, all images are visited in random order. */
  readonly sampler?: ClassSampler
  /** By default, frozen parts are computed in every epoch. */
  readonly cache?: FeatureCache
  /** The preprocessing in training, in place of `ImageInput.steps` except for the normalisation. */
  readonly augment?: readonly Setting[]
  /** Mixing settings (mixup, CutMix), of which each batch gets one at random. */
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

/** A further augmentation of the image, which exists in training only. */
export interface ViewInput extends NamedValue {
  /** Height and width. */
  readonly size: number
  /** From a decoded image to the tensor. */
  readonly steps: readonly Setting[]
}

/** The meaning of a prediction, and the label input by which it is measured. */
export type Meaning =
  /** Probabilities of classes, of labels that do not exclude each other, or values. */
  | { readonly kind: 'classes' | 'labels' | 'values'; readonly of: string }
  /** A row of other numbers. */
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

/** `weights = "..."` on a call of a block: its initial weights. */
export interface Pretrained {
  /** The parameters' path: master.trunk. */
  readonly path: readonly string[]
  /** A published name, or a path relative to the spec. */
  readonly source: string
  /** Whether some may be missing. */
  readonly partial: boolean
  readonly span: Span
}

/** A model: nodes in static single assignment form, in topological order. */
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
  /** Inputs for the features of a frozen part that has been split off. */
  readonly features?: readonly NamedValue[]
  /** The first Class input: its classes are those of the model. */
  readonly label: LabelInput | undefined
  /** The lines of the loss block, whose sum training minimises. */
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

/** Returns a model's inputs in training: the image, label inputs and views in the order of its parameters, and features of a frozen part. */
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

/** Whether it has one number for each pair of images: its second axis, too, has the batch size. */
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

/** `768 x 26 x 26`: for messages, without the batch. A scalar is `one number`. */
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
