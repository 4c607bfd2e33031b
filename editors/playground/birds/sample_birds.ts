/** A photo in base64. */
export interface EncodedPhoto {
  /** In the data set. */
  readonly path: string
  /** An index into the classes. */
  readonly label: number
  readonly base64: string
}

/** Validation photos of the sample birds, and weights of `wsban_tiny` trained on the training photos. */
export interface SampleBirds {
  /** The class names in the order of the logits. */
  readonly classes: readonly string[]
  /** A safetensors file in base64. */
  readonly weights: string
  /** The first validation photo of each class. */
  readonly photos: readonly EncodedPhoto[]
}

/** The sample data set, as `wsban data sample` writes it. */
export interface TrainingBirds {
  readonly classes: readonly string[]
  readonly train: readonly EncodedPhoto[]
  readonly val: readonly EncodedPhoto[]
}
