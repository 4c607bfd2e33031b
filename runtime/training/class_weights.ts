import type { DataSet } from '../data/dataset.js'

/** Number of training images / (classes x images of the class): [classes]. A class without images has weight 1. */
export function balancedWeights({ classes, splits }: DataSet): Float32Array {
  const counts = classes.map(() => 0)
  for (const { label } of splits.train) counts[label] = (counts[label] as number) + 1
  return Float32Array.from(counts, (count) => (count === 0 ? 1 : splits.train.length / (classes.length * count)))
}
