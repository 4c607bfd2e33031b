import { diagnose } from '../diagnostics/report.js'
import { match } from './arguments.js'
import { instantiate } from './block_call.js'
import type { Call, Elaboration } from './elaboration.js'
import { givingArgument } from './fixes.js'
import { plainCallName } from './naming.js'
import { applyOperation, evaluateGiven } from './operation_call.js'
import { type BoundArgument, errorValue, type Recall, tensorOf, type Value } from './values.js'

/** Evaluates `trunk(crop)`: the callee of an earlier call runs again on other tensors, with the same weights and constants. */
export function callAgain(elaboration: Elaboration, recall: Recall, call: Call): Value {
  const bound = rebindTensors(elaboration, recall, call)
  if (!bound || [...bound.values()].some(({ value }) => value.kind === 'error')) return errorValue
  const { callee, parameterPath } = recall
  if (callee.kind === 'operation') {
    const values = new Map([...bound].map(([name, argument]) => [name, [argument]]))
    return applyOperation(elaboration, callee.operation, values, call, parameterPath)
  }
  const path = [...call.context.path, ...plainCallName(call.place, callee.definition.name.text)]
  return elaboration.builder.sharingWeights(() =>
    instantiate(elaboration, callee, bound, call, { path, parameterPath }),
  )
}

/** Returns the first call's arguments with every tensor replaced by a new one; undefined when that was reported. */
function rebindTensors(
  elaboration: Elaboration,
  { arguments: first }: Recall,
  call: Call,
): ReadonlyMap<string, BoundArgument> | undefined {
  const names = [...first].filter(([, { value }]) => tensorOf(value)).map(([name]) => name)
  const { given, ok } = match({ callee: call.callee, names }, call.piped, call.list, call.span, elaboration.report)
  const bound = new Map(first)
  for (const name of names) {
    const [item] = given.get(name) ?? []
    if (!item) {
      const missing = { callee: call.callee, name, meaning: 'the tensor to run the same weights on' }
      elaboration.report(diagnose('missing-argument', missing, call.span, { fix: givingArgument(name, call) }))
      return undefined
    }
    bound.set(name, evaluateGiven(elaboration, item, undefined, call))
  }
  return ok ? bound : undefined
}
