/**
 * The area under the receiver operating characteristic: the probability that a score of the first kind is above one of the second, ties
 * counted half (Hanley and McNeil 1982).
 *
 * @throws RangeError if one kind has no scores
 */
export function areaUnderRoc(positive: readonly number[], negative: readonly number[]): number {
  if (positive.length === 0 || negative.length === 0) throw new RangeError('both kinds need scores')
  const scores = [
    ...positive.map((score) => ({ score, own: 1 })),
    ...negative.map((score) => ({ score, own: 0 })),
  ].sort((a, b) => a.score - b.score)
  let rankSum = 0
  for (let from = 0; from < scores.length; ) {
    let to = from
    while (to < scores.length && scores[to]?.score === scores[from]?.score) to++
    // Ranks from + 1 to `to`; equal scores share their mean.
    const tied = scores.slice(from, to).filter(({ own }) => own === 1).length
    rankSum += tied * ((from + 1 + to) / 2)
    from = to
  }
  return (rankSum - (positive.length * (positive.length + 1)) / 2) / (positive.length * negative.length)
}
