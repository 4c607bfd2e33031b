import { nearest } from '../../compiler/diagnostics/suggest.js'
import type { Positions } from '../../compiler/graph/graph.js'
import { elementAt } from '../../grammar/present.js'
import { storedGrid } from './position_embedding.js'

/** A parameter to be loaded. */
export interface Wanted {
  readonly name: string
  readonly shape: readonly number[]
  /** For a position embedding, which is resampled from another square grid. */
  readonly positions?: Positions
  /** The eps of a batch norm, which checkpoints do not store. */
  readonly eps?: number
  /** Whether it may keep its initial values, since only training needs it. */
  readonly optional?: boolean
}

interface Shaped {
  readonly shape: readonly number[]
}

export interface Mismatch {
  readonly name: string
  readonly key: string
  readonly wanted: readonly number[]
  readonly found: readonly number[]
}

export interface Resampled extends Mismatch {
  /** The side of the stored grid, which is square. */
  readonly side: number
  readonly positions: Positions
}

/** The assignment of a checkpoint's tensors to parameters. */
export interface Match {
  /** The prefix of the part of the model that the file has weights for, such as `master.trunk.`; empty for all of it. */
  readonly part: string
  /** The common prefix of all names in the file: `module.`. */
  readonly prefix: string
  /** Prefixes of the same names elsewhere in the file, such as a moving average. */
  readonly alternatives: readonly string[]
  /** The file's key of each parameter. */
  readonly found: ReadonlyMap<string, string>
  readonly missing: readonly { readonly name: string; readonly suggestion: string | undefined }[]
  readonly otherShape: readonly Mismatch[]
  /** Position embeddings that are resampled from another grid. */
  readonly resampled: readonly Resampled[]
  /** Classifiers for another number of classes, which keep their initial values. */
  readonly heads: readonly Mismatch[]
  /** Keys of the file that match no parameter. */
  readonly unused: readonly string[]
}

export interface MatchOptions {
  /** The part of the model for the file's tensors; by default inferred from their names. */
  readonly part?: string
  /** The model's number of classes: a tensor with another number there is the head for another data set. */
  readonly classes?: number | undefined
}

/** torch counts the batches of each batch norm, which is not needed here. */
const counters = /(^|\.)num_batches_tracked$/

/**
 * Matches a checkpoint's names with the model's. A backbone's checkpoint lacks the prefix of the branch, and a checkpoint may have a prefix such as
 * `module.` on each name: of all pairs of prefixes, the one with the most matches is used.
 */
export function matchWeights(
  wanted: readonly Wanted[],
  available: ReadonlyMap<string, Shaped>,
  { part: given, classes }: MatchOptions = {},
): Match {
  const keys = [...available.keys()].filter((key) => !counters.test(key))
  const parts = given === undefined ? partsOf(wanted) : [given]
  const plain = bestBeginning(parts, wanted, keys)
  const unwrapped = unwrap(keys)
  const bare = unwrapped.size === 0 ? plain : bestBeginning(parts, wanted, [...unwrapped.keys()])
  const wrapped = bare.votes > plain.votes
  const { part, prefix, alternatives } = wrapped ? bare : plain
  const keyOf = (name: string) => (wrapped ? (unwrapped.get(name) ?? name) : name)
  const inPart = wanted.filter(({ name }) => name.startsWith(part))
  const found = new Map<string, string>()
  const missing: Match['missing'][number][] = []
  const otherShape: Mismatch[] = []
  const heads: Mismatch[] = []
  const resampled: Resampled[] = []
  const used = new Set<string>()
  const names = keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
  for (const { name, shape, optional, positions } of inPart) {
    const own = name.slice(part.length)
    const key = keyOf(prefix + own)
    const tensor = available.get(key)
    if (!tensor) {
      if (!optional) missing.push({ name, suggestion: nearest(own, names) })
      continue
    }
    used.add(key)
    const side = positions && storedGrid(tensor.shape, shape, positions)
    if (tensor.shape.join() === shape.join()) found.set(name, key)
    else if (positions && side !== undefined) {
      found.set(name, key)
      resampled.push({ name, key, wanted: shape, found: tensor.shape, side, positions })
    } else if (isHead(shape, tensor.shape, classes)) heads.push({ name, key, wanted: shape, found: tensor.shape })
    else otherShape.push({ name, key, wanted: shape, found: tensor.shape })
  }
  return {
    part,
    prefix,
    alternatives,
    found,
    missing,
    otherShape,
    heads,
    resampled,
    unused: keys.filter((key) => !used.has(key)),
  }
}

/** Prefixes that torch.compile and data parallelism add to the names of a model or of its parts. */
const wrappers = /(^|\.)(?:module|_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)(?=\.)/

/** Returns the original key of each key without wrappers; unchanged if there are no wrappers or two keys would coincide. */
function unwrap(keys: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const key of keys) {
    let name = key
    while (wrappers.test(name)) name = name.replace(wrappers, '').replace(/^\./, '')
    if (found.has(name)) return new Map()
    found.set(name, key)
  }
  return keys.some((key) => !found.has(key)) ? found : new Map()
}

function isHead(wanted: readonly number[], found: readonly number[], classes: number | undefined): boolean {
  return (
    classes !== undefined &&
    wanted[0] === classes &&
    found[0] !== classes &&
    wanted.slice(1).join() === found.slice(1).join()
  )
}

/** Returns the whole model, then every scope in it, outer ones first. */
function partsOf(wanted: readonly Wanted[]): string[] {
  const parts = new Set([''])
  for (const { name } of wanted) {
    const scopes = name.split('.').slice(0, -1)
    for (let depth = 1; depth <= scopes.length; depth++) parts.add(`${scopes.slice(0, depth).join('.')}.`)
  }
  return [...parts].sort((a, b) => a.split('.').length - b.split('.').length)
}

function bestBeginning(parts: readonly string[], wanted: readonly Wanted[], keys: readonly string[]) {
  let best = { part: parts[0] ?? '', prefix: '', votes: 0, alternatives: [] as string[] }
  for (const part of parts) {
    const names = new Set(wanted.flatMap(({ name }) => (name.startsWith(part) ? [name.slice(part.length)] : [])))
    if (names.size <= best.votes) continue
    const votes = new Map<string, number>()
    for (const key of keys)
      for (const start of [0, ...[...key.matchAll(/\./g)].map(({ index }) => index + 1)])
        if (names.has(key.slice(start))) votes.set(key.slice(0, start), (votes.get(key.slice(0, start)) ?? 0) + 1)
    const most = Math.max(0, ...votes.values())
    if (most <= best.votes) continue
    // A moving average has the same names; the weights themselves are loaded unless one is chosen.
    const equal = [...votes].filter(([, count]) => count === most).map(([prefix]) => prefix)
    const prefix = equal.find((one) => !/(^|[._])(ema|average|averaged|swa)/i.test(one)) ?? elementAt(equal, 0)
    best = { part, prefix, votes: most, alternatives: equal.filter((one) => one !== prefix) }
  }
  return best
}

/** The table that people see: what matched, what did not, with the nearest name. `layouts` are those that the names were translated from. */
export function matchLines(match: Match, from: string, layouts: readonly string[] = []): string[] {
  const { part, prefix, alternatives, found, missing, otherShape, heads, resampled, unused } = match
  const size = (shape: readonly number[]) => (shape.length === 0 ? 'one number' : shape.join(' x '))
  const pair = ({ name, wanted, found: other }: Mismatch) => `${name}: ${size(other)} there, ${size(wanted)} here`
  const gridPair = ({ name, side, positions: { grid } }: Resampled) => `${name}: ${side} x ${side} to ${size(grid)}`
  const into = part === '' ? 'the model' : part.slice(0, -1)
  return [
    `weights from ${from} into ${into}${prefix === '' ? '' : ` (its names begin with ${prefix})`}`,
    ...layouts.map((layout) => `  names of     ${layout}`),
    `  matched      ${found.size} tensors`,
    ...alternatives
      .slice(0, 3)
      .map((other) => `  not taken    ${other}* has the same names: --weights-entry ${other.slice(0, -1)} takes those`),
    ...list('resampled', resampled.map(gridPair)),
    ...list('begin anew', heads.map(pair)),
    ...list(
      'missing',
      missing.map(({ name, suggestion }) => (suggestion ? `${name} (nearest there: ${suggestion})` : name)),
    ),
    ...list('other shape', otherShape.map(pair)),
    ...list('not used', unused, 3),
  ]
}

function list(title: string, items: readonly string[], most = 8): string[] {
  if (items.length === 0) return []
  const rest = items.length - most
  const shown = rest > 0 ? [...items.slice(0, most), `and ${rest} more`] : items
  return [`  ${title.padEnd(12)} ${items.length}: ${shown.join('; ')}`]
}
