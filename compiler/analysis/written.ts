import type { Frame, Node, Parameter, Pretrained } from '../graph/graph.js'
import type { TensorValue, Value } from './values.js'

/** All that writing out one call of a block gave. */
export interface Written {
  readonly result: TensorValue | undefined
  readonly members: ReadonlyMap<string, Value>
  readonly nodes: readonly Node[]
  /** The call's own frame first. */
  readonly frames: readonly Frame[]
  readonly parameters: readonly Parameter[]
  readonly pretrained: readonly Pretrained[]
  readonly paths: readonly string[]
  /** How many, for the bounds of a model. */
  readonly rounds: number
  readonly names: number
}
