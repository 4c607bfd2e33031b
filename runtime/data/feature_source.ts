import type { Decoded, FeatureEntry } from './feature_files.js'
import type { Job } from './prepare.js'

/** An image of which features may be kept. */
export interface KeptImage {
  readonly job: Job
  /** The image as it was decoded, without its values. */
  readonly image: Decoded
  /** Under which its features are kept; undefined if its file could not be read. */
  readonly key: string | undefined
  /** Undefined if they have to be computed. */
  readonly features: FeatureEntry | undefined
}

/** Where batches look for the features of images. */
export interface FeatureSource {
  /** Whether images are needed beside their features. */
  readonly needsImages: boolean
  find(job: Job): Promise<Pick<KeptImage, 'key' | 'features'>>
}
