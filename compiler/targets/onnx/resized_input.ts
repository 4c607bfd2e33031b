import type { ImageInput } from '../../graph/graph.js'
import { settings } from '../../training/settings.js'
import type { OnnxNode, OnnxProgram } from './program.js'
import { usesOf } from './program.js'

/** The first image step, for programs that resize images themselves. */
export interface ResizedInput {
  readonly size: number
  readonly interpolation: 'bilinear' | 'bicubic'
}

/**
 * Returns the program from the result of its first resize on: its input is float32 [batch, 3, size, size] with values from 0 to 255. Returns undefined
 * if the first image step is no resize, or if anything after it reads the image itself.
 */
export function withResizedInput(
  program: OnnxProgram,
  image: Pick<ImageInput, 'name' | 'steps'>,
): { readonly program: OnnxProgram; readonly resize: ResizedInput } | undefined {
  const [first] = image.steps
  if (!first) return undefined
  const resizesTo = settings.get(first.name)?.resizesTo
  if (resizesTo === undefined) return undefined
  const { [resizesTo]: size, interpolation } = first.arguments
  if (typeof size !== 'number' || (interpolation !== 'bilinear' && interpolation !== 'bicubic')) return undefined
  const resized = program.nodes.find(({ step, outputs }) => step?.name === first.name && outputs.includes(step.path))
    ?.step?.path
  if (resized === undefined) return undefined
  const { nodes, used } = computing(program, resized)
  if (used.has(image.name)) return undefined
  const kept = <Value>(values: ReadonlyMap<string, Value>) => new Map([...values].filter(([name]) => used.has(name)))
  return {
    program: {
      ...program,
      inputs: [{ name: resized, element: 'float', shape: ['batch', 3, size, size] }],
      nodes,
      constants: kept(program.constants),
      weights: kept(program.weights),
    },
    resize: { size, interpolation },
  }
}

/** Returns the nodes that the outputs need when the value `given` is known, and all names that they use. */
function computing(
  { nodes, outputs }: OnnxProgram,
  given: string,
): { readonly nodes: OnnxNode[]; readonly used: ReadonlySet<string> } {
  const used = new Set(outputs.map(({ name }) => name))
  const kept: OnnxNode[] = []
  for (const node of nodes.toReversed()) {
    if (node.outputs.includes(given) || !node.outputs.some((name) => used.has(name))) continue
    kept.push(node)
    for (const name of usesOf(node)) used.add(name)
  }
  return { nodes: kept.reverse(), used }
}
