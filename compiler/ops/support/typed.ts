import { elementAt, present } from '../../../grammar/present.js'
import { type Attribute, type ByPhase, type Phase, settle, type TensorType, type Uniform } from '../../graph/graph.js'
import type { Typed } from '../call.js'

/** Reads a call's types and attributes. Reading an undeclared argument is a bug, so it throws. */
export class TypedCall implements Typed {
  constructor(
    readonly operation: string,
    private readonly inputTypes: ReadonlyMap<string, readonly TensorType[]>,
    private readonly attributes: Readonly<Record<string, Attribute>>,
    private readonly phaseNow?: Phase,
  ) {}

  type(argument: string): TensorType {
    return elementAt(this.types(argument), 0)
  }

  types(argument: string): readonly TensorType[] {
    return this.inputTypes.get(argument) ?? []
  }

  has(argument: string): boolean {
    return this.inputTypes.has(argument) || argument in this.attributes
  }

  number(argument: string): number {
    const value = this.read(argument, isNumberOrUniform)
    // Outside of training nothing is random: the midpoint of the range is used.
    return typeof value === 'number' ? value : (value.low + value.high) / 2
  }

  pair(argument: string): readonly [number, number] {
    const value = this.read(argument, isNumberOrList)
    return typeof value === 'number' ? [value, value] : [elementAt(value, 0), elementAt(value, 1)]
  }

  integers(argument: string): readonly number[] {
    return this.read(argument, isList)
  }

  flag(argument: string): boolean {
    return this.read(argument, isBoolean)
  }

  word(argument: string): string {
    return this.read(argument, isWord)
  }

  axes(argument: string): string | readonly number[] {
    const value = this.read(argument, isAxes)
    return typeof value === 'number' ? [value] : value
  }

  range(argument: string): Uniform | undefined {
    const value = this.constant(argument)
    return isUniform(value) ? value : undefined
  }

  private constant(argument: string): Constant {
    // Attributes that are read without a phase determine shapes, and none of those may depend on the phase.
    return settle(present(this.attributes[argument], argument), this.phaseNow ?? 'inference')
  }

  private read<Value extends Constant>(argument: string, is: (value: Constant) => value is Value): Value {
    const value = this.constant(argument)
    if (!is(value)) throw new Error(`\`${argument}\` of ${this.operation} is read as what it is not`)
    return value
  }
}

type Constant = Exclude<Attribute, ByPhase>

const isBoolean = (value: Constant) => typeof value === 'boolean'
const isWord = (value: Constant) => typeof value === 'string'
const isList = (value: Constant): value is readonly number[] => Array.isArray(value)
const isNumberOrList = (value: Constant): value is number | readonly number[] =>
  typeof value === 'number' || isList(value)
const isAxes = (value: Constant): value is string | number | readonly number[] => isWord(value) || isNumberOrList(value)
const isUniform = (value: Constant): value is Uniform => typeof value === 'object' && 'kind' in value
const isNumberOrUniform = (value: Constant): value is number | Uniform => typeof value === 'number' || isUniform(value)
