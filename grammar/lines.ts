import { elementAt } from './present.js'

/** Returns the offsets at which the lines of a text begin. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1)
  return starts
}

/** Returns the index, from 0, of the line that an offset lies in. A text has many lines and is asked often: a binary search. */
export function lineIndexAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length]
  while (low + 1 < high) {
    const middle = (low + high) >> 1
    if (elementAt(starts, middle) <= offset) low = middle
    else high = middle
  }
  return low
}
