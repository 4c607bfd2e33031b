import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import type { DataSet } from './dataset.js'

/** Returns a hash of the training images' paths below the root and labels, independent of where the folder is. */
export function fingerprintOf({ root, classes, splits }: DataSet): string {
  const hash = createHash('sha256').update(JSON.stringify(classes))
  for (const { path, label, targets } of splits.train)
    hash.update(JSON.stringify([relative(root, path), label, ...(targets ? [targets] : [])]))
  return hash.digest('hex').slice(0, 16)
}
