/** A photo in base64. */
export interface EncodedPhoto {
  /** In the data set. */
  readonly path: string
  /** An index into the classes. */
  readonly label: number
  readonly base64: string
}

/** Photos to try, and weights of `wsban_tiny` that learned from others of their kind. */
export interface SampleBirds {
  /** In the order of the logits. */
  readonly classes: readonly string[]
  /** A safetensors file in base64. */
  readonly weights: string
  /** The first of each class of the validation split. */
  readonly photos: readonly EncodedPhoto[]
}

/** The sample data set, as `wsban data sample` writes it. */
export interface TrainingBirds {
  readonly classes: readonly string[]
  readonly train: readonly EncodedPhoto[]
  readonly val: readonly EncodedPhoto[]
}
