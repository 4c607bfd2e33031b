import type { Attribute } from '../../graph/graph.js'
import type { ArgumentSpec } from '../../ops/operation.js'
import type { CallPlan } from '../plans.js'

/** A function of the generated file for all calls of a block with the same structure. */
export interface FunctionPlan extends CallPlan {
  readonly name: string
  readonly options: readonly OptionPlan[]
}

/** An argument in which the calls differ. */
export interface OptionPlan {
  readonly name: string
  readonly spec: ArgumentSpec
  readonly values: ReadonlyMap<number, Attribute>
}
