import { Random } from '../../../compiler/random.js'
import { Failure } from '../../../runtime/failure.js'
import { mutate } from './mutate.js'
import type { Reader } from './readers.js'

export interface Fault {
  readonly reader: string
  readonly input: number
  readonly what: string
  readonly bytes: Uint8Array
}

/** The time limit per input of a few kilobytes, in milliseconds. The command reports slower ones; a test does not, as machines differ. */
export const slowest = 3000

/**
 * Runs a reader on mutated inputs `from` to `to`, each determined by its number. A thrown value other than a Failure is a fault, and with `timed` so
 * is a slow input.
 */
export async function runInputs(
  reader: Reader,
  {
    from,
    to,
    folder,
    timed,
  }: { readonly from: number; readonly to: number; readonly folder: string; readonly timed: boolean },
): Promise<readonly Fault[]> {
  const seeds = await reader.seeds()
  const faults: Fault[] = []
  for (let input = from; input < to; input++) {
    const random = new Random(input + 1)
    const pick = () => seeds[random.integer(seeds.length)] ?? new Uint8Array()
    const bytes = mutate(pick(), pick(), random)
    const began = performance.now()
    const fault = (what: string) => faults.push({ reader: reader.name, input, what, bytes })
    try {
      await reader.read(bytes, folder)
    } catch (error) {
      if (!(error instanceof Failure)) fault(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    const took = performance.now() - began
    if (timed && took > slowest) fault(`it took ${(took / 1000).toFixed(1)} s`)
  }
  return faults
}
