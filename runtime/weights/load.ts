import { Failure } from '../failure.js'
import { openWeightFile, readValues, type StoredTensor, type WeightFile } from './file.js'
import { type Match, type MatchOptions, matchLines, matchWeights, type Wanted } from './match.js'

export interface LoadOptions extends MatchOptions {
  readonly path: string
  /** How messages call the file. */
  readonly name?: string
  /** Whether parameters of the part may be missing. */
  readonly partial?: boolean
  /** Whether the whole model has to be there, classifier included: to answer with it, not to begin from it. */
  readonly complete?: boolean
}

export interface Loaded {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  readonly match: Match
  readonly lines: readonly string[]
}

/**
 * Values for a model's parameters from a checkpoint of any format; only what is wanted is read.
 *
 * @throws Failure `weights-unreadable`, `weights-not-finite`, or `weights-do-not-fit` with the table of what matched and what did not
 */
export async function loadWeights(wanted: readonly Wanted[], options: LoadOptions): Promise<Loaded> {
  const { path, name = path, partial = false, complete = false } = options
  const file = await openWeightFile(path)
  try {
    const match = matchWeights(wanted, file.entries, options)
    const lines = matchLines(match, name)
    if (isWrong(match, partial, complete)) throw doesNotFit(name, lines, match, complete)
    return { tensors: await readMatched(file, match), match, lines }
  } finally {
    await file.close()
  }
}

function isWrong({ part, found, missing, otherShape, heads }: Match, partial: boolean, complete: boolean): boolean {
  if (found.size === 0 || otherShape.length > 0) return true
  if (complete && (part !== '' || heads.length > 0)) return true
  return missing.length > 0 && !partial
}

function doesNotFit(name: string, lines: readonly string[], { part, found }: Match, complete: boolean): Failure {
  return new Failure({
    code: 'weights-do-not-fit',
    message: `${name} does not fit the model\n${lines.join('\n')}`,
    help:
      found.size === 0
        ? 'no name in it is one of the model; `wsban weights inspect` lists what it holds'
        : complete && part !== ''
          ? `these are weights to begin from: they hold ${part.slice(0, -1)} and nothing else; train first, and give the run`
          : 'give the weights of this spec with the same parameters (--set); for a backbone, `partial = true` beside `weights` allows gaps',
    path: name,
  })
}

async function readMatched(file: WeightFile, { found }: Match): Promise<Map<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>()
  for (const [name, key] of found) tensors.set(name, await readValues(file, key))
  return tensors
}
