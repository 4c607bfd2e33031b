import type { Graph, Pretrained, Setting } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { normalizationIn, normalizationText, sameNormalization } from '../../compiler/training/normalization.js'
import type { Model } from '../model.js'
import type { Reporter } from '../reporter.js'
import { loadWeights } from './load.js'
import type { Wanted } from './match.js'
import { publishedAs } from './published.js'
import { weightsPath } from './resolve.js'
import type { StoredTensor } from './weight_file.js'

/** The parameters of a graph for which a checkpoint has to have values; parameters that only training needs are optional. */
export function wantedBy(graph: Graph): Wanted[] {
  const needed = specialise(graph, 'inference').parameters
  return [...graph.parameters.values()].map(({ name, shape, positions, eps }) => ({
    name,
    shape,
    optional: !needed.has(name),
    ...(positions && { positions }),
    ...(eps !== undefined && { eps }),
  }))
}

interface Beginning {
  /** The path of the spec. */
  readonly spec: string
  /** The argument of --weights. */
  readonly given: string | undefined
  /** The argument of --weights-entry, which selects a part of those weights. */
  readonly entry?: string | undefined
  readonly reporter: Reporter
}

/**
 * Loads initial weights: the file given with --weights (`none` for random values), or the weights that the spec names. Reports matches in a table,
 * and warns if images are normalised differently from the training of the weights given with --weights.
 */
export async function initialWeights(
  model: Model,
  { spec, given, entry, reporter }: Beginning,
): Promise<ReadonlyMap<string, StoredTensor>> {
  const wanted = model.parameters.map(({ name, shape, trainingOnly, positions, eps }) => ({
    name,
    shape,
    optional: trainingOnly ?? false,
    ...(positions && { positions }),
    ...(eps !== undefined && { eps }),
  }))
  const tensors = new Map<string, StoredTensor>()
  for (const { source, partial, part, from } of sources(model, spec, given)) {
    const loaded = await loadWeights(wanted, {
      path: await weightsPath(source, from, reporter),
      name: source,
      partial,
      classes: model.classes,
      ...(part !== undefined && { part }),
      ...(given !== undefined && entry !== undefined && { entry }),
    })
    for (const line of loaded.lines) reporter.say(line)
    const warning = given === undefined ? undefined : normalizationWarning(model.image.steps, source)
    if (warning) reporter.warn(warning)
    for (const [name, tensor] of loaded.tensors) tensors.set(name, tensor)
  }
  return tensors
}

/** The argument of --weights that means random values, whatever the spec names. */
export const noWeights = 'none'

/** The argument of --weights that means the weights that the spec names. */
export const namedWeights = 'spec'

interface Source {
  readonly source: string
  readonly partial: boolean
  readonly part?: string
  /** The spec to which a path is relative. */
  readonly from: string | undefined
}

function sources({ pretrained }: Model, spec: string, given: string | undefined): readonly Source[] {
  if (given === noWeights) return []
  if (given !== undefined) return [{ source: given, partial: false, from: undefined }]
  return ownSources(pretrained, spec)
}

/** Returns the weights that a spec names, and the part of the model for each. */
export function ownSources(
  pretrained: readonly Pick<Pretrained, 'path' | 'source' | 'partial'>[],
  spec: string,
): readonly (Source & { readonly part: string })[] {
  return pretrained.map(({ path, source, partial }) => ({ source, partial, part: `${path.join('.')}.`, from: spec }))
}

/** For weights given with --weights; the compiler warns about those that the spec names. */
export function normalizationWarning(steps: readonly Setting[], source: string): string | undefined {
  const known = publishedAs(source)?.normalization
  const own = normalizationIn(steps)
  if (!known || !own || sameNormalization(known, own)) return undefined
  return `warning: ${source} was trained with ${normalizationText(known)}, and the spec says ${normalizationText(own)}`
}
