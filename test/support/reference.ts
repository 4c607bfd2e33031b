import type { Attribute, Phase, TensorType } from '../../compiler/graph/graph.js'
import type { Evaluation } from '../../compiler/ops/call.js'
import type { Operation } from '../../compiler/ops/operation.js'
import type { Tensor } from '../../compiler/ops/support/tensor.js'
import { TypedCall } from '../../compiler/ops/support/typed.js'
import { keyOf, Random } from '../../compiler/random.js'

export interface ReferenceCall {
  readonly operation: Operation
  readonly types: ReadonlyMap<string, readonly TensorType[]>
  readonly attributes: Readonly<Record<string, Attribute>>
  readonly tensors: ReadonlyMap<string, readonly Tensor[]>
  readonly parameters: ReadonlyMap<string, Tensor>
  readonly phase: Phase
  /** Names the random streams, as Scope does. */
  readonly key: readonly (string | number)[]
  /** Simulates the rounding of an accumulated number; absent: none. */
  readonly rounded?: (value: number, terms: number) => number
}

/** One evaluation of an operation's plain reference. */
export class ReferenceEvaluation extends TypedCall implements Evaluation {
  readonly updates = new Map<string, Tensor>()
  private draws = 0

  constructor(private readonly call: ReferenceCall) {
    super(call.operation.name, call.types, call.attributes, call.phase)
  }

  run(): readonly Tensor[] {
    return this.call.operation.reference(this)
  }

  get phase(): Phase {
    return this.call.phase
  }

  tensor(argument: string): Tensor {
    const [first] = this.tensors(argument)
    if (!first) throw new Error(`no tensor for ${argument}`)
    return first
  }

  tensors(argument: string): readonly Tensor[] {
    return this.call.tensors.get(argument) ?? []
  }

  parameter(role: string): Tensor {
    const parameter = this.call.parameters.get(role)
    if (!parameter) throw new Error(`no parameter ${role}`)
    return parameter
  }

  rounded(value: number, terms: number): number {
    return this.call.rounded?.(value, terms) ?? value
  }

  update(role: string, value: Tensor): void {
    this.updates.set(role, value)
  }

  random(): () => number {
    const stream = new Random(keyOf(...this.call.key, this.draws++))
    return () => stream.uniform()
  }

  draw(argument: string, random: () => number): number {
    const range = this.range(argument)
    if (!range) return this.number(argument)
    return this.phase === 'training' ? range.low + (range.high - range.low) * random() : (range.low + range.high) / 2
  }
}
