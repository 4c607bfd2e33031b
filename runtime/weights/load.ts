import { Failure } from '../failure.js'
import { type Match, type MatchOptions, matchLines, matchWeights, type Wanted } from './match.js'
import { openEntry } from './open_weight_file.js'
import { resamplePositions } from './position_embedding.js'
import { translate } from './translate.js'
import { readValues, type StoredTensor } from './weight_file.js'

export interface LoadOptions extends MatchOptions {
  readonly path: string
  /** The entry of the file that holds the weights: `state_dict_ema`. */
  readonly entry?: string
  /** The name of the file in messages. */
  readonly name?: string
  /** Whether parameters of the part may be missing. */
  readonly partial?: boolean
  /** Whether all parameters are required, classifier included: for inference, unlike training. */
  readonly complete?: boolean
}

/** A checkpoint that was matched with a model's parameters. Values are read one tensor at a time. */
export interface OpenWeights {
  readonly match: Match
  readonly lines: readonly string[]
  /** @throws Failure `weights-not-finite`, `weights-unreadable` */
  read(parameter: string): Promise<StoredTensor>
  close(): Promise<void>
}

export interface Loaded {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  readonly match: Match
  readonly lines: readonly string[]
}

/**
 * Opens a checkpoint of any format for a model's parameters, without reading values.
 *
 * @throws Failure `weights-unreadable`, or `weights-do-not-fit` with a table of matches and mismatches
 */
export async function openWeights(wanted: readonly Wanted[], options: LoadOptions): Promise<OpenWeights> {
  const { path, name = path, partial = false, complete = false } = options
  const stored = await openEntry(path, options.entry)
  const { entries, from, eps } = translate(stored.entries, wanted)
  const file = { ...stored, entries }
  const match = matchWeights(wanted, entries, options)
  const lines = [...matchLines(match, name, from), ...epsLines(wanted, match, eps)]
  if (isWrong(match, partial, complete)) {
    await file.close()
    throw doesNotFit(name, lines, match, { complete, folded: file.format === 'onnx' })
  }
  return {
    match,
    lines,
    async read(parameter) {
      const values = await readValues(file, match.found.get(parameter) ?? parameter)
      const other = match.resampled.find(({ name }) => name === parameter)
      return other ? resamplePositions(values, other.side, other.wanted, other.positions) : values
    },
    close: () => file.close(),
  }
}

/** Reads all values of a checkpoint that the model has parameters for. @throws Failure as openWeights, or `weights-not-finite` */
export async function loadWeights(wanted: readonly Wanted[], options: LoadOptions): Promise<Loaded> {
  const weights = await openWeights(wanted, options)
  try {
    const { match, lines } = weights
    const tensors = new Map<string, StoredTensor>()
    for (const name of match.found.keys()) tensors.set(name, await weights.read(name))
    return { tensors, match, lines }
  } finally {
    await weights.close()
  }
}

/** Reports batch norms whose eps differs from the one that the weights were trained with. */
function epsLines(wanted: readonly Wanted[], { found }: Match, trained: number | undefined): string[] {
  const other = wanted.find(({ name, eps }) => eps !== undefined && eps !== trained && found.has(name))
  if (trained === undefined || other === undefined) return []
  return [
    `  warning      batch norm had eps = ${trained} when these weights were trained, and has ${other.eps} here: the outputs differ. Give the block eps = ${trained}`,
  ]
}

function isWrong({ part, found, missing, otherShape, heads }: Match, partial: boolean, complete: boolean): boolean {
  if (found.size === 0 || otherShape.length > 0) return true
  if (complete && (part !== '' || heads.length > 0)) return true
  return missing.length > 0 && !partial
}

function doesNotFit(
  name: string,
  lines: readonly string[],
  { part, found }: Match,
  { complete, folded }: { readonly complete: boolean; readonly folded: boolean },
): Failure {
  return new Failure({
    code: 'weights-do-not-fit',
    message: `${name} does not fit the model`,
    details: lines,
    help: folded
      ? 'an exported file has batch norm and factors folded into its weights; give the run, or export with --without fold-batch-norm --without fold-scales'
      : found.size === 0
        ? 'no name in it is one of the model; `wsban weights inspect` lists what it holds'
        : complete && part !== ''
          ? `these are weights to begin from: they hold ${part.slice(0, -1)} and nothing else; train first, and give the run`
          : 'give the weights of this spec with the same parameters (--set); for a backbone, `partial = true` beside `weights` allows gaps',
    path: name,
  })
}
