import type { Frame, Node, Parameter, Pretrained } from '../graph/graph.js'
import type { TensorValue, Value } from './values.js'

/** Everything that the expansion of one call of a block made. */
export interface Expansion {
  readonly result: TensorValue | undefined
  readonly members: ReadonlyMap<string, Value>
  /** The members that it returns where those are several. */
  readonly values?: readonly string[]
  readonly nodes: readonly Node[]
  /** The call's own frame first. */
  readonly frames: readonly Frame[]
  readonly parameters: readonly Parameter[]
  readonly pretrained: readonly Pretrained[]
  readonly paths: readonly string[]
  /** Counts, for the bounds of a model. */
  readonly rounds: number
  readonly names: number
}
