import type { Parameter } from '../graph/graph.js'

/**
 * Returns the factor of the learning rate of each layer of a part of the model: `decay` for the last one, `decay` times the next one's for
 * the others. Paths are those of rounds, and those of single parameters outside of rounds.
 *
 * @param parameters of the model, in the order of computation
 * @param rounds paths of the rounds of repeats
 * @param part path of the part
 */
export function layerRates(
  parameters: readonly Pick<Parameter, 'name' | 'trainable'>[],
  rounds: ReadonlySet<string>,
  part: string,
  decay: number,
): Readonly<Record<string, number>> {
  const layers: string[][] = []
  let current: string | undefined
  for (const { name, trainable } of parameters) {
    if (!trainable || !name.startsWith(`${part}.`)) continue
    const round = innermostRound(name, rounds, part)
    if (round !== undefined && round === current) continue
    // The downsampling before the first block of a stage belongs to that block's layer, and whatever follows a round belongs to the round.
    const continues = round === undefined || (current !== undefined && round.startsWith(`${current}.`))
    const last = layers.at(-1)
    if (continues && last) last.push(round ?? name)
    else layers.push([round ?? name])
    current = round ?? current
  }
  return Object.fromEntries(
    layers.flatMap((paths, index) => paths.map((path) => [path, decay ** (layers.length - index)] as const)),
  )
}

/** The longest path of a round that leads to the parameter and lies within the part. */
function innermostRound(name: string, rounds: ReadonlySet<string>, part: string): string | undefined {
  const names = name.split('.')
  for (let length = names.length - 1; length > 0; length--) {
    const path = names.slice(0, length).join('.')
    if (path.length <= part.length) return undefined
    if (rounds.has(path)) return path
  }
  return undefined
}
