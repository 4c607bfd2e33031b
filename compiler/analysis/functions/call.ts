import { present } from '../../../grammar/present.js'
import type { Span } from '../../../grammar/tree.js'
import { unknownBackbone } from '../../backbones/unknown.js'
import { diagnose } from '../../diagnostics/report.js'
import { match, strangeUnit } from '../arguments.js'
import type { Call, Elaboration } from '../elaboration.js'
import { evaluateGiven } from '../operation_call.js'
import { type BoundArgument, describe, errorValue, type Value } from '../values.js'
import type { FunctionCall } from './function.js'
import { functions } from './index.js'

/** Evaluates a call of a compile-time function. */
export function callFunction(elaboration: Elaboration, name: string, call: Call): Value {
  const callee = present(functions.get(name), `the function ${name}`)
  const names = callee.parameters.map(({ name }) => name)
  const { given, ok } = match({ callee: callee.name, names }, call.piped, call.list, call.span, elaboration.report)
  const bound = new Map<string, BoundArgument>()
  for (const [name, [item]] of given) if (item) bound.set(name, evaluateGiven(elaboration, item, undefined, call))
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
