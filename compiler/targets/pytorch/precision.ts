import type { Frame, Node, ValueRef } from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import type { Operation } from '../../ops/operation.js'
import type { CallPlan } from '../plans.js'
import type { Structure } from '../structure.js'

/** Whether autocast would leave the operation in half precision, where it must not be. */
export function needsFloat32({ semantics, lowering }: Operation): boolean {
  return !semantics?.lowPrecision && !lowering.pytorch.underAutocast
}

/** Which values autocast may leave in half precision. */
export class Narrow {
  private readonly nodes = new Set<number>()

  constructor(private readonly structure: Structure) {
    for (const node of structure.graph.nodes) if (this.comesNarrow(node)) this.nodes.add(node.id)
  }

  /** In one of the calls that the code serves. */
  has(value: ValueRef, frame: Frame, plan: CallPlan | undefined): boolean {
    // The model's own inputs are no items of its frame.
    if (this.structure.isInput(this.structure.node(value.node)) && this.structure.inside(value, frame)) return false
    const place = this.structure.standing(value, frame)
    return (plan?.frames ?? [frame]).some((other) => this.nodes.has(this.structure.at(place, other).node))
  }

  private comesNarrow(node: Node): boolean {
    if (this.structure.isInput(node)) return false
    const operation = operationNamed(node.operation)
    const { module, underAutocast } = operation.lowering.pytorch
    if (needsFloat32(operation) || underAutocast === 'float32') return false
    // Autocast narrows convolutions and linear layers; operations without parameters keep the type of their inputs.
    return module !== undefined || node.inputs.some(({ value }) => this.nodes.has(value.node))
  }
}
