import type { ParameterGroup, TrainingPlan } from '../../compiler/graph/graph.js'
import { present } from '../../grammar/present.js'
import type { ParameterSpec } from '../model.js'

/** Training settings of one weight. */
export interface ParameterSettings {
  readonly group: ParameterGroup | undefined
  /** Factor on the optimizer's rate. */
  readonly rate: number
  readonly decay: number
}

/** The rule of each trainable parameter: that of the group with the longest path above it, else the optimizer's own. */
export function parameterSettings(
  { optimizer, groups }: Pick<TrainingPlan, 'optimizer' | 'groups'>,
  parameters: readonly Pick<ParameterSpec, 'name' | 'shape' | 'trainable'>[],
): ReadonlyMap<string, ParameterSettings> {
  const { weight_decay: ownDecay, decays } = optimizer.arguments
  return new Map(
    parameters
      .filter(({ trainable }) => trainable)
      .map(({ name, shape }) => {
        const group = groupOf(groups, name)
        const decayed = decays !== 'weights' || shape.length > 1
        const decay = decayed ? (group?.weightDecay ?? Number(ownDecay ?? 0)) : 0
        return [name, { group, rate: group ? group.rate * layerRate(group, name) : 1, decay }]
      }),
  )
}

function groupOf(groups: readonly ParameterGroup[], name: string): ParameterGroup | undefined {
  return groups
    .filter(({ path }) => name.startsWith(`${path}.`))
    .reduce<ParameterGroup | undefined>(
      (longest, group) => (longest && longest.path.length >= group.path.length ? longest : group),
      undefined,
    )
}

/** The factor of the layer that a weight is in; 1 for groups without a decay by layer. */
function layerRate({ layers = {} }: ParameterGroup, name: string): number {
  const paths = Object.keys(layers).filter((path) => name === path || name.startsWith(`${path}.`))
  const [longest] = paths.sort((a, b) => b.length - a.length)
  return longest === undefined ? 1 : present(layers[longest], longest)
}

/** Whether its weights are frozen at an epoch, which may be a fraction. */
export function isFrozen(group: ParameterGroup | undefined, epoch: number): boolean {
  return group !== undefined && (group.frozen === 'all' || epoch < group.frozen)
}
