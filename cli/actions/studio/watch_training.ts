import { DeclaredLabels } from '../../../runtime/specs/declared_labels.js'
import type { Io } from '../../io.js'
import { openNewDataSet } from '../new_data_set.js'
import type { TrainOptions } from '../train/train_options.js'
import { runFor } from '../train/train_spec.js'
import { openStudio } from './open_studio.js'

/** Flags of this process that are not passed to the training process. */
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
  if (options.out === undefined) args.push('-o', run)
  args.push(...(await orderArguments(file, options, io)))
  return openStudio(
    { runs: [], training: { run, args } },
    { port: 0, ...(engine && engine !== 'pytorch' && { engine }) },
    io,
  )
}

/** The order of numbered classes is asked for here, since the training process has no terminal. */
async function orderArguments(file: string | undefined, options: TrainOptions, io: Io): Promise<readonly string[]> {
  const { data, classOrder: given, seed, resume } = options
  if (resume || file === undefined || data === undefined || given !== undefined || !io.canAsk()) return []
  const labels = DeclaredLabels.ofFile(file).wanted()
  const { classOrder } = await openNewDataSet(data, { seed, ...(labels.length > 0 && { labels }) }, true, io)
  return ['--class-order', classOrder]
}
