import { setTimeout as pause } from 'node:timers/promises'

/**
 * Milliseconds after which what a test waits for will not come, on any machine. Where a wait follows the progress of something, this bound
 * only ends a test that hangs; it never decides between right and slow.
 */
export const lastResort = 20 * 60_000

/** Waits until a condition holds, which is polled. @returns its value @throws when it stops being possible, or after the last resort */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  possible: () => boolean = () => true,
): Promise<NonNullable<T>> {
  for (const end = performance.now() + lastResort; performance.now() < end; await pause(10)) {
    // Asked first: what a process did last is seen after its end.
    const still = possible()
    const found = await condition()
    if (found) return found
    if (!still) throw new Error(`it ended without this: ${what}`)
  }
  throw new Error(`this did not happen: ${what}`)
}

/** Returns the value of a promise, or `undefined` if it is pending after a while. A slow machine makes it pending for longer, so that only `undefined` may be expected. */
export function afterAWhile<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  return Promise.race([promise, pause(milliseconds, undefined)])
}
