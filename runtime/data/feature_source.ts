import type { Decoded, FeatureEntry } from './feature_files.js'
import type { Job } from './prepare.js'

/** An image whose features may be cached. */
export interface KeptImage {
  readonly job: Job
  /** The size and orientation of the decoded image. */
  readonly image: Decoded
  /** The cache key of its features; undefined if the file could not be read. */
  readonly key: string | undefined
  /** Undefined if they have to be computed. */
  readonly features: FeatureEntry | undefined
}

/** Looks up cached features of images for batches. */
export interface FeatureSource {
  /** Whether images are needed beside their features. */
  readonly needsImages: boolean
  find(job: Job): Promise<Pick<KeptImage, 'key' | 'features'>>
}
