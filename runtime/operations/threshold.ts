/** A number drawn for each image in training; the centre of the range in inference. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** Returns a constant, or a draw from its range in training and its centre in inference. */
export function shareOf(
  threshold: number | Range,
  training: boolean,
  random: { uniform(low: number, high: number): number },
): number {
  if (typeof threshold === 'number') return threshold
  return training ? random.uniform(threshold.low, threshold.high) : (threshold.low + threshold.high) / 2
}
