import type { Io } from '../../io.js'
import { runFor, type TrainOptions } from '../train_spec.js'
import { openStudio } from './open_studio.js'

/** Flags of this process that the one that trains does not get. */
const own = new Set(['--watch', '--json', '--quiet'])

/**
 * `wsban train --watch`: a studio whose process trains.
 *
 * @param words of the command line
 */
export async function watchTraining(
  file: string | undefined,
  options: TrainOptions,
  words: readonly string[],
  io: Io,
): Promise<number> {
  const run = await runFor(file, options, io)
  const { engine } = options
  const args = words.slice(words.indexOf('train') + 1).filter((word) => !own.has(word))
  return openStudio(
    { runs: [], training: { run, args: [...args, ...(options.out === undefined ? ['-o', run] : [])] } },
    { port: 0, ...(engine && engine !== 'pytorch' && { engine }) },
    io,
  )
}
