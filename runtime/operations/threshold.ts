/** A number drawn for each image in training; its middle otherwise. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** A constant, one draw from its range in training, its middle otherwise. */
export function shareOf(
  threshold: number | Range,
  training: boolean,
  random: { uniform(low: number, high: number): number },
): number {
  if (typeof threshold === 'number') return threshold
  return training ? random.uniform(threshold.low, threshold.high) : (threshold.low + threshold.high) / 2
}
