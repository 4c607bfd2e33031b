/** The correction of answers, fitted on images with known classes. It is stored with a run and in the metadata of an exported file. */
export interface AnswerCalibration {
  /**
   * The probabilities p become softmax(log p / temperature): temperature scaling (Guo et al. 2017, section 4.2), on the logarithm of the
   * model's prediction, which may be a mean over branches.
   */
  readonly temperature: number
  /** Added to log p / temperature of the predicted class; at least 0. */
  readonly bias: number
  /** An image is accepted as one of the classes if its largest corrected probability is at least this. */
  readonly threshold: number
  /** The share of the calibration images that are accepted. */
  readonly kept: number
  /** The number of calibration images. */
  readonly images: number
  /** The expected calibration error without the correction, and with it on images that it was not fitted to. */
  readonly errorBefore: number
  readonly errorAfter: number
  /** The mean error that perfectly calibrated probabilities show on this number of images. */
  readonly errorExpected: number
}
