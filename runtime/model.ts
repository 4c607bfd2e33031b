import type * as tf from '@tensorflow/tfjs-core'
import type {
  Initializer,
  MovingAverage,
  Positions,
  Pretrained,
  Setting,
  TrainingPlan,
} from '../compiler/graph/graph.js'
import type { Signature } from '../compiler/graph/signature.js'
import type { Scope } from './scope.js'

/** A weight or a statistic, as generated code lists it. */
export interface ParameterSpec {
  /** The key in a checkpoint. */
  readonly name: string
  /** As PyTorch stores it. */
  readonly shape: readonly number[]
  readonly initializer: Initializer
  readonly trainable: boolean
  /** Of a moving average of another parameter. */
  readonly average?: MovingAverage
  /** Absent from an exported file: centres. */
  readonly trainingOnly?: boolean
  /** The order of its dimensions in TensorFlow.js; as they are, when absent. */
  readonly layout?: readonly number[]
  /** Of a position embedding: its grid. */
  readonly positions?: Positions
  /** Of the variance of a batch norm: the number that is added to it, which no checkpoint holds. */
  readonly eps?: number
}

/** A further augmentation of the image in training. */
export interface ModelView {
  readonly name: string
  /** Height and width. */
  readonly size: number
  readonly steps: readonly Setting[]
}

/** The outputs of a model. Except for feature maps, shapes are those of the ONNX file's outputs. */
export interface Answers {
  /** Each branch's own, [batch, classes]. */
  readonly logits: Readonly<Record<string, tf.Tensor>>
  /** [batch, 4]: y1, x1, y2, x2 of the crop, fractions of the image. */
  readonly boxes?: tf.Tensor
  /** [batch, h, w]: the map the crop was taken from. */
  readonly attention?: tf.Tensor
  /** The predictions by name: probabilities. */
  readonly [prediction: string]: tf.Tensor | Readonly<Record<string, tf.Tensor>> | undefined
}

/** Features of a frozen part by name. */
export type Features = Readonly<Record<string, tf.Tensor>>

/** Label inputs, views and features, in this order. In inference labels and views are undefined. */
export type Given = readonly (tf.Tensor | Features | undefined)[]

/** A part of the model that is frozen at first, so that its features can be kept. */
export interface FrozenPart {
  /** Whole epochs from the beginning in which it is frozen. */
  readonly epochs: number | 'all'
  /** Names the computation; other weights have the same name. */
  readonly program: string
  /** Whether the rest of the model needs the images besides. */
  readonly readsImages: boolean
  /** Its features in their order, with their sizes for an image. */
  readonly values: readonly { readonly name: string; readonly shape: readonly number[] }[]
  /** Takes images and views, and features of the next part in place of those that it computes itself. */
  compute(at: Scope, image: tf.Tensor4D, ...viewsAndFeatures: Given): Features
}

/** One of several optimizer steps: its losses. A method's type, for models whose step takes particular tensors. */
export interface OptimizerStep {
  losses(at: Scope, image: tf.Tensor4D, ...given: Given): Record<string, tf.Scalar>
}

/**
 * A generated model: all that training and prediction need of it. `losses` is a method so that a model with more in its forward
 * value still is a Model: it is only ever given what its own `forward` made.
 */
export interface Model<Forward extends { readonly answers: Answers } = { readonly answers: Answers }> {
  readonly name: string
  /** The model's parameters as they were set: classes, size, maps. */
  readonly settings: Readonly<Record<string, number | boolean | string>>
  readonly image: { readonly size: number; readonly steps: readonly Setting[] }
  /** Further augmentations of the image in training, in the order in which the model takes them. */
  readonly views?: readonly ModelView[]
  /** The number of classes of the first Class input. */
  readonly classes?: number
  /** Absent in a classifier with one label, whose only prediction are its probabilities. */
  readonly signature?: Signature
  readonly plan: TrainingPlan
  /** Initial weights of its parts, as the spec's `weights` name them. */
  readonly pretrained: readonly Omit<Pretrained, 'span'>[]
  readonly parameters: readonly ParameterSpec[]
  /** Labels and views are needed in training alone, by models whose answers depend on them there. Features are computed if they are not given. */
  forward(at: Scope, image: tf.Tensor4D, ...given: Given): Forward
  /** Takes the label inputs in their order, the views in theirs, and the image after them. Absent in a model that cannot be trained. */
  losses?(at: Scope, forward: Forward, ...given: tf.Tensor[]): Record<string, tf.Scalar>
  /** The losses of each of several optimizer steps on a batch, from the image, label inputs, views and features. Absent for a single step with all losses. */
  readonly steps?: readonly OptimizerStep['losses'][]
  /** Frozen parts whose features training keeps; each but the last takes the features of the next one, which is frozen for longer. */
  readonly features?: readonly FrozenPart[]
}
