import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Reporter } from '../../reporter.js'

export function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

/** To a tenth, since a time of `performance.now()`. */
export function secondsSince(began: number): number {
  return Math.round((performance.now() - began) / 100) / 10
}

/** Tells how far and how fast something grows, while it is being worked on. */
export async function whileTelling<T>(
  reporter: Reporter,
  what: string,
  expected: number | undefined,
  sizeNow: () => Promise<number> | number,
  work: () => Promise<T>,
): Promise<T> {
  const began = performance.now()
  const tell = async () => {
    const size = await sizeNow()
    const rate = size / Math.max(0.001, (performance.now() - began) / 1000)
    const whole = expected === undefined ? '' : ` of ${megabytes(expected)}`
    reporter.progress(`${what}: ${megabytes(size)}${whole}, ${megabytes(rate)}/s`)
  }
  let telling = false
  const timer = setInterval(() => {
    // Measuring a folder of many files takes longer than the pause.
    if (telling) return
    telling = true
    void tell()
      .catch(() => {})
      .finally(() => {
        telling = false
      })
  }, 500)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

/** Bytes of all files in a folder, those in folders inside it too. What vanishes meanwhile counts as nothing. */
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
