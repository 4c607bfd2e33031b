import { setTimeout as pause } from 'node:timers/promises'

/**
 * The time limit of waits in milliseconds, beyond the duration on any machine. It only ends a test that hangs; it never decides between correct and
 * slow.
 */
export const lastResort = 20 * 60_000

/** Polls until a condition holds. @returns its value @throws if it has become impossible, or after the time limit */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  possible: () => boolean = () => true,
): Promise<NonNullable<T>> {
  for (const end = performance.now() + lastResort; performance.now() < end; await pause(10)) {
    // Checked first, so that the last action of a process is seen after its end.
    const still = possible()
    const found = await condition()
    if (found) return found
    if (!still) throw new Error(`it ended without this: ${what}`)
  }
  throw new Error(`this did not happen: ${what}`)
}

/**
 * Returns the value of a promise, or `undefined` if it is pending after a while. A slow machine makes it pending for longer, so that only `undefined`
 * may be expected.
 */
export function afterAWhile<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  return Promise.race([promise, pause(milliseconds, undefined)])
}
