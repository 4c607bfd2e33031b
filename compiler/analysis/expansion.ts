import type { Frame, Node, Parameter, Pretrained } from '../graph/graph.js'
import type { TensorValue, Value } from './values.js'

/** The value of a block's body. */
export type ExpandedBody = Pick<Expansion, 'result' | 'members' | 'plain' | 'values' | 'roundValues'>

/** The result of expanding one call of a block. */
export interface Expansion {
  readonly result: TensorValue | undefined
  readonly members: ReadonlyMap<string, Value>
  /** Set if the block returns a constant or a list: the value of the call. */
  readonly plain?: Value
  /** The members that it returns, if several. */
  readonly values?: readonly string[]
  /** The rounds of the repeat that it returns. */
  readonly roundValues?: readonly Value[]
  readonly nodes: readonly Node[]
  /** The call's own frame first. */
  readonly frames: readonly Frame[]
  readonly parameters: readonly Parameter[]
  readonly pretrained: readonly Pretrained[]
  readonly paths: readonly string[]
  /** Counts, for the bounds of a model. */
  readonly rounds: number
  readonly roundPaths: readonly string[]
  readonly names: number
}
