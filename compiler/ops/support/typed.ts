import { type Attribute, type ByPhase, type Phase, settle, type TensorType, type Uniform } from '../../graph/graph.js'
import type { Typed } from '../operation.js'

/** Reads a call's types and attributes; asking for what the operation did not declare is our own mistake, so it throws. */
export class TypedCall implements Typed {
  constructor(
    readonly operation: string,
    private readonly inputTypes: ReadonlyMap<string, readonly TensorType[]>,
    private readonly attributes: Readonly<Record<string, Attribute>>,
    private readonly phaseNow?: Phase,
  ) {}

  type(argument: string): TensorType {
    const [first] = this.types(argument)
    if (!first) throw this.lacks(argument, 'tensor')
    return first
  }

  types(argument: string): readonly TensorType[] {
    return this.inputTypes.get(argument) ?? []
  }

  has(argument: string): boolean {
    return this.inputTypes.has(argument) || argument in this.attributes
  }

  number(argument: string): number {
    const value = this.constant(argument)
    if (typeof value === 'number') return value
    const range = this.range(argument)
    // Nothing is drawn outside of training: the middle stands for the range.
    if (range) return (range.low + range.high) / 2
    throw this.lacks(argument, 'number')
  }

  pair(argument: string): readonly [number, number] {
    const value = this.constant(argument)
    if (typeof value === 'number') return [value, value]
    if (Array.isArray(value) && value.length === 2) return [value[0], value[1]]
    throw this.lacks(argument, 'pair')
  }

  integers(argument: string): readonly number[] {
    const value = this.constant(argument)
    if (Array.isArray(value)) return value
    throw this.lacks(argument, 'list')
  }

  flag(argument: string): boolean {
    const value = this.constant(argument)
    if (typeof value === 'boolean') return value
    throw this.lacks(argument, 'boolean')
  }

  word(argument: string): string {
    const value = this.constant(argument)
    if (typeof value === 'string') return value
    throw this.lacks(argument, 'word')
  }

  range(argument: string): Uniform | undefined {
    const value = this.constant(argument)
    return typeof value === 'object' && 'kind' in value && value.kind === 'uniform' ? value : undefined
  }

  private constant(argument: string): Exclude<Attribute, ByPhase> | undefined {
    const value = this.attributes[argument]
    // What is read without a phase decides shapes, and no such argument may depend on the phase.
    return value === undefined ? undefined : settle(value, this.phaseNow ?? 'inference')
  }

  private lacks(argument: string, what: string): Error {
    return new Error(`${this.operation} has no ${what} \`${argument}\``)
  }
}
