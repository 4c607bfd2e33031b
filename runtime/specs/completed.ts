import type { Graph } from '../../compiler/graph/graph.js'
import { present } from '../../grammar/present.js'
import { type InitialValues, initialValues } from '../weights/initial_values.js'
import { wantedBy } from '../weights/initial_weights.js'
import { type LoadOptions, type OpenWeights, openWeights } from '../weights/load.js'

/** Weights with a value for each parameter that answers need. */
export interface CompletedWeights extends Pick<OpenWeights, 'read' | 'close'> {
  /** The parameters that have values. */
  readonly names: readonly string[]
  /** The parts of the model that the files are for: `master.trunk.`, or '' for all of it. */
  readonly parts: readonly string[]
  /** A table for each file of what matched, where files may lack some. */
  readonly lines: readonly string[]
  /** The weights that the files lack; absent if they have all of them. */
  readonly initial?: InitialValues
}

/**
 * Opens checkpoints for a graph's parameters. Where several have a parameter, the last one counts. With a seed, what answers need beside
 * them has its initial value.
 *
 * @throws Failure as openWeights
 */
export async function openCompleted(
  graph: Graph,
  files: readonly LoadOptions[],
  seed: number | undefined,
): Promise<CompletedWeights> {
  const wanted = wantedBy(graph)
  const opened: OpenWeights[] = []
  const close = async () => {
    for (const weights of opened) await weights.close()
  }
  try {
    for (const file of files) opened.push(await openWeights(wanted, file))
  } catch (error) {
    await close()
    throw error
  }
  const holders = new Map(opened.flatMap((weights) => [...weights.match.found.keys()].map((name) => [name, weights])))
  const lacking = wanted.flatMap(({ name, optional }) => (optional || holders.has(name) ? [] : [name]))
  const initial = seed === undefined || lacking.length === 0 ? undefined : { names: lacking, seed }
  return {
    names: [...holders.keys(), ...(initial?.names ?? [])],
    parts: opened.map(({ match }) => match.part),
    lines: seed === undefined ? [] : opened.flatMap(({ lines }) => lines),
    ...(initial && { initial }),
    async read(name) {
      const holder = holders.get(name)
      if (holder || !initial) return present(holder, name).read(name)
      const parameter = present(graph.parameters.get(name), name)
      return { shape: parameter.shape, values: initialValues(parameter, initial.seed) }
    },
    close,
  }
}
