import type { Graph } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import type { Reporter } from '../reporter.js'
import type { StoredTensor } from './file.js'
import { type Loaded, loadWeights } from './load.js'
import type { Wanted } from './match.js'
import { publishedAs } from './published.js'
import { weightsPath } from './resolve.js'

/** A model's parameters as a checkpoint is laid over them; those that only training needs may begin anew. */
export function wantedBy(graph: Graph): Wanted[] {
  const needed = specialise(graph, 'inference').parameters
  return [...graph.parameters.values()].map(({ name, shape }) => ({ name, shape, optional: !needed.has(name) }))
}

/**
 * What a training begins from: the file given with --weights (`none` for nothing), or else what the spec's trunks name. Says in a table
 * what matched, and warns where pictures are not normalised as they were when known weights were trained.
 */
export async function initialWeights(
  graph: Graph,
  { spec, given, reporter }: { readonly spec: string; readonly given: string | undefined; readonly reporter: Reporter },
): Promise<ReadonlyMap<string, StoredTensor>> {
  const sources =
    given === undefined
      ? graph.pretrained.map(({ path, source, partial }) => ({
          source,
          partial,
          part: `${path.join('.')}.`,
          from: spec,
        }))
      : given === 'none'
        ? []
        : [{ source: given, partial: false, part: undefined, from: undefined }]
  const wanted = wantedBy(graph)
  const tensors = new Map<string, StoredTensor>()
  for (const { source, partial, part, from } of sources) {
    const loaded: Loaded = await loadWeights(wanted, {
      path: await weightsPath(source, from, reporter),
      name: source,
      partial,
      classes: graph.label?.classes,
      ...(part !== undefined && { part }),
    })
    for (const line of loaded.lines) reporter.say(line)
    const warning = normalizationWarning(graph, source)
    if (warning) reporter.warn(warning)
    for (const [name, tensor] of loaded.tensors) tensors.set(name, tensor)
  }
  return tensors
}

/** Weights known by name are worth little on pictures of another normalisation, and nothing else would tell. */
export function normalizationWarning(graph: Graph, source: string): string | undefined {
  const known = publishedAs(source)?.normalization
  const step = graph.image.steps.find(({ name }) => name === 'normalize')
  if (!known || !step) return undefined
  const colours = (value: unknown) => (typeof value === 'number' ? [value, value, value] : value)
  const [mean, deviation] = [colours(step.arguments.mean), colours(step.arguments.deviation)]
  if (String(mean) === String(known.mean) && String(deviation) === String(known.deviation)) return undefined
  return `warning: ${source} was trained with normalize(mean = [${known.mean.join(', ')}], deviation = [${known.deviation.join(', ')}]), and the spec says [${String(mean)}], [${String(deviation)}]`
}
