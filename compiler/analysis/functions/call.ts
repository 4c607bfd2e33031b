import { present } from '../../../grammar/present.js'
import type { Span } from '../../../grammar/tree.js'
import { unknownBackbone } from '../../backbones/unknown.js'
import { diagnose } from '../../diagnostics/report.js'
import type { TensorType } from '../../graph/graph.js'
import type { Operation } from '../../ops/operation.js'
import { findAxis } from '../../ops/support/axes.js'
import { constantOf, match, strangeUnit } from '../arguments.js'
import type { Call, Elaboration } from '../elaboration.js'
import { callWithAverage } from '../moving_average.js'
import { applyOperation, evaluateGiven } from '../operation_call.js'
import { type BoundArgument, describe, errorValue, type TensorValue, tensorOf, type Value } from '../values.js'
import type { FunctionCall, FunctionParameter } from './function.js'
import { functions } from './index.js'

/** Evaluates a call of a compile-time function. */
export function callFunction(elaboration: Elaboration, name: string, call: Call): Value {
  const callee = present(functions.get(name), `the function ${name}`)
  const names = callee.parameters.map(({ name }) => name)
  const { given, ok } = match({ callee: callee.name, names }, call.piped, call.list, call.span, elaboration.report)
  const bound = new Map<string, BoundArgument>()
  for (const { name, argument } of callee.parameters) {
    const [item] = given.get(name) ?? []
    if (item) bound.set(name, evaluateGiven(elaboration, item, argument, call))
  }
  if (!ok || [...bound.values()].some(({ value }) => value.kind === 'error')) return errorValue
  const missing = callee.parameters.find(({ name, optional }) => !optional && !bound.has(name))
  if (missing) {
    const { name, meaning } = missing
    elaboration.report(diagnose('missing-argument', { callee: callee.name, name, meaning }, call.span))
    return errorValue
  }
  return callee.evaluate(new Arguments(elaboration, call, bound)) ?? errorValue
}

/** The arguments of one call. */
class Arguments implements FunctionCall {
  constructor(
    private readonly elaboration: Elaboration,
    private readonly call: Call,
    private readonly bound: ReadonlyMap<string, BoundArgument>,
  ) {}

  argument(name: string): BoundArgument | undefined {
    return this.bound.get(name)
  }

  number(name: string): number | undefined {
    const value = this.bound.get(name)?.value
    return value?.kind === 'number' && !strangeUnit(value) ? value.value : this.wrong(name, 'a number')
  }

  axis({ name, argument }: FunctionParameter, type: TensorType): number | undefined {
    const bound = this.bound.get(name)
    const wanted = bound && argument ? constantOf(argument, bound, this.elaboration.report) : argument?.default
    if (wanted === undefined || wanted === null) return undefined
    const axes = typeof wanted === 'number' ? [wanted] : wanted
    const axis = typeof axes === 'string' || isList(axes) ? findAxis(axes, type) : undefined
    return axis ?? this.wrong(name, 'one axis of the tensor')
  }

  apply(operation: Operation, values: ReadonlyMap<string, BoundArgument>, index: number): TensorValue | undefined {
    const { naming } = this.call.place
    const lists = new Map([...values].map(([name, value]) => [name, [value]]))
    // Each item has a name of its own below that of the binding.
    const place = { naming: { ...naming, name: [...naming.name, String(index)] }, last: true }
    return tensorOf(applyOperation(this.elaboration, operation, lists, { ...this.call, place }))
  }

  average(name: string, decay: number): Value | undefined {
    const value = this.bound.get(name)?.value
    const recall = value?.kind === 'instance' ? value.recall : undefined
    if (recall?.callee.kind !== 'definition') return this.wrong(name, 'a branch, or the call of a block')
    return callWithAverage(this.elaboration, { ...recall, callee: recall.callee }, decay, this.call)
  }

  wrong(name: string, expected: string): undefined {
    const argument = this.bound.get(name)
    const found = argument ? describe(argument.value) : 'nothing'
    const values = { name: `\`${name}\``, expected, found }
    this.elaboration.report(diagnose('wrong-type', values, this.spanOf(name)))
    return undefined
  }

  unknownBackbone(name: string, backbone: string): undefined {
    this.elaboration.report(unknownBackbone(backbone, this.spanOf(name)))
    return undefined
  }

  private spanOf(name: string): Span {
    return this.bound.get(name)?.span ?? this.call.span
  }

  divisionByZero(): undefined {
    this.elaboration.report(diagnose('division-by-zero', {}, this.call.span))
    return undefined
  }
}

function isList(value: unknown): value is readonly number[] {
  return Array.isArray(value)
}
