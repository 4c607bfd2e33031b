import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Reporter } from '../../reporter.js'

export function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

/** Returns the seconds since a time of `performance.now()`, rounded to tenths. */
export function secondsSince(began: number): number {
  return Math.round((performance.now() - began) / 100) / 10
}

/**
 * Runs `work` and returns its result. Meanwhile reports the size of its output so far and the rate at which it grows.
 *
 * @param activity the beginning of the message, such as `unpacking TensorFlow`
 * @param expected the final size in bytes, if it is known
 * @param currentSize returns the size so far in bytes
 */
export async function reportingProgress<T>(
  reporter: Reporter,
  activity: string,
  expected: number | undefined,
  currentSize: () => Promise<number> | number,
  work: () => Promise<T>,
): Promise<T> {
  const began = performance.now()
  const report = async () => {
    const size = await currentSize()
    const rate = size / Math.max(0.001, (performance.now() - began) / 1000)
    const total = expected === undefined ? '' : ` of ${megabytes(expected)}`
    reporter.progress(`${activity}: ${megabytes(size)}${total}, ${megabytes(rate)}/s`)
  }
  let reporting = false
  const timer = setInterval(() => {
    // Measuring a folder of many files can take longer than the interval.
    if (reporting) return
    reporting = true
    void report()
      .catch(() => {})
      .finally(() => {
        reporting = false
      })
  }, 500)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

/** Returns the total size in bytes of all files below a folder. Files that vanish meanwhile count as 0. */
export async function sizeOfFolder(folder: string): Promise<number> {
  let sum = 0
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) sum += await sizeOfFolder(path)
    else if (entry.isFile())
      sum += await stat(path).then(
        (found) => found.size,
        () => 0,
      )
  }
  return sum
}
