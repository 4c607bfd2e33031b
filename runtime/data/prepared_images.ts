import type { Job, Prepared } from './prepare.js'

/** Where batches get their images from. */
export interface PreparedImages {
  /** The share of a split's images that may be unreadable. */
  readonly mostUnreadable: number
  /** Returns the image, or undefined if it cannot be read; reports it the first time. @throws Failure when it does not fit the steps */
  prepare(job: Job): Promise<Prepared | undefined>
}
