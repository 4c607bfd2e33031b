import type { Argument } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import type { Frame, Pretrained } from '../graph/graph.js'
import { match } from './arguments.js'
import { bindingPath, type Call, type Context, type Elaboration } from './elaboration.js'
import type { ExpandedBody } from './expansion.js'
import { type ExpansionPaths, expansionKey } from './expansion_cache.js'
import { givingArgument } from './fixes.js'
import { inner, weightCallName, weightlessBlockName } from './naming.js'
import { evaluateGiven } from './operation_call.js'
import { Scope } from './scope.js'
import { membersOfItems, namedItems } from './tuple.js'
import {
  type BoundArgument,
  type DefinitionValue,
  describe,
  errorValue,
  isConstant,
  tensorOf,
  type Value,
} from './values.js'
import { blockCallMakesWeights } from './weight_calls.js'

/** Evaluates a call of a block or branch: expands its statements with these arguments. */
export function callDefinition(elaboration: Elaboration, target: DefinitionValue, call: Call): Value {
  const names = target.definition.parameters.map(({ name }) => name.text)
  const { list, pretrained } = splitPretrained(elaboration, names, call)
  return callBlock(elaboration, target, { ...call, list }, pretrained)
}

/** The initial weights of a call, as given by its arguments. */
export type GivenWeights = Pick<Pretrained, 'source' | 'partial'>

/** The same for a call with evaluated `weights` and `partial`. */
export function callBlock(
  elaboration: Elaboration,
  target: DefinitionValue,
  call: Call,
  pretrained: GivenWeights | undefined,
): Value {
  const { definition } = target
  const names = definition.parameters.map(({ name }) => name.text)
  const { list } = call
  const { given, ok } = match({ callee: definition.name.text, names }, call.piped, list, call.span, elaboration.report)
  const bound = new Map<string, BoundArgument>()
  for (const [name, [item]] of given) if (item) bound.set(name, evaluateGiven(elaboration, item, undefined, call))
  if (!ok) return errorValue
  const makesWeights = blockCallMakesWeights(target, list, call.piped?.value, call.context.scope)
  const own = makesWeights ? weightCallName(call.place) : weightlessBlockName(call.place, definition.name.text)
  const paths = { path: [...call.context.path, ...own], parameterPath: [...call.context.parameterPath, ...own] }
  if (pretrained) elaboration.builder.addPretrained({ ...pretrained, path: paths.parameterPath, span: call.span })
  return instantiate(elaboration, target, bound, call, paths)
}

/**
 * Separates `weights = "..."` and `partial = true`, which every call of a block takes for its parameters, from the block's own
 * arguments. A block with parameters of these names keeps them.
 */
export function splitPretrained(
  elaboration: Elaboration,
  names: readonly string[],
  call: Call,
): { readonly list: readonly Argument[]; readonly pretrained: GivenWeights | undefined } {
  const find = (name: string) =>
    names.includes(name) ? undefined : call.list.find((argument) => argument.name?.text === name)
  const [weights, partial] = [find('weights'), find('partial')]
  const list = call.list.filter((argument) => argument !== weights && argument !== partial)
  const evaluate = (
    name: string,
    argument: Argument | undefined,
    kind: Value['kind'],
    expected: string,
  ): Value | undefined => {
    if (!argument) return undefined
    const value = elaboration.evaluate(argument.value, call.context, inner(call.place))
    if (value.kind !== kind && value.kind !== 'error') {
      const values = { name: `\`${name}\``, expected, found: describe(value) }
      elaboration.report(diagnose('wrong-type', values, argument.span))
    }
    return value
  }
  const source = evaluate(
    'weights',
    weights,
    'string',
    'the name of published weights or a file, in quotes; "none" for none',
  )
  const some = evaluate('partial', partial, 'boolean', 'true or false')
  if (source?.kind !== 'string' || source.value === 'none') return { list, pretrained: undefined }
  return { list, pretrained: { source: source.value, partial: some?.kind === 'boolean' && some.value } }
}

/** Expands a block or branch under the given paths. A definition that calls itself is reported. */
export function instantiate(
  elaboration: Elaboration,
  target: DefinitionValue,
  bound: ReadonlyMap<string, BoundArgument>,
  call: Call,
  paths: ExpansionPaths,
): Value {
  const { definition } = target
  if (elaboration.isExpanding(definition)) {
    elaboration.report(diagnose('recursive-block', { name: definition.name.text }, call.span))
    return errorValue
  }
  return elaboration.expanding({ definition, span: call.span }, () => {
    const parameters = bindParameters(elaboration, target, bound, call, paths)
    if (!parameters) return errorValue
    const expansion = expand(elaboration, target, parameters, call, paths)
    if (expansion?.plain) return expansion.plain
    return expansion ? instanceOf(target, parameters.values, expansion, call, paths) : errorValue
  })
}

/** The values of a definition's parameters, and the scope of its body in which they are defined. */
interface BoundParameters {
  readonly values: ReadonlyMap<string, BoundArgument>
  readonly scope: Scope<Value>
}

function bindParameters(
  elaboration: Elaboration,
  { definition, scope: outer }: DefinitionValue,
  given: ReadonlyMap<string, BoundArgument>,
  call: Call,
  paths: ExpansionPaths,
): BoundParameters | undefined {
  const scope = new Scope<Value>(outer)
  const values = new Map(given)
  for (const { name, default: defaultValue } of definition.parameters) {
    let argument = values.get(name.text)
    if (!argument) {
      if (!defaultValue) {
        const missing = { callee: definition.name.text, name: name.text, meaning: undefined }
        elaboration.report(diagnose('missing-argument', missing, call.span, { fix: givingArgument(name.text, call) }))
        return undefined
      }
      const context: Context = { scope, frame: call.context.frame, ...paths }
      argument = { value: elaboration.evaluate(defaultValue, context, inner(call.place)), span: defaultValue.span }
      values.set(name.text, argument)
    }
    if (argument.value.kind === 'error') return undefined
    elaboration.facts?.named(name, { value: argument.value, first: 0, end: 0 })
    scope.define(name.text, argument.value)
  }
  return { values, scope }
}

/** Expands a body, or replays its cached expansion; undefined after a reported error. */
function expand(
  elaboration: Elaboration,
  target: DefinitionValue,
  parameters: BoundParameters,
  call: Call,
  paths: ExpansionPaths,
): ExpandedBody | undefined {
  const { builder, cache, diagnostics } = elaboration
  if (!cache?.accepts(target) || call.context.cached)
    return expandBody(elaboration, target, parameters, call, paths, call.context.cached)
  const mark = builder.mark()
  const key = expansionKey(target.definition.name.text, builder, mark, paths)
  const known = cache.find(target, key, parameters.values)
  if (known && builder.canReplay(known)) {
    builder.replay(known, outlineOf(parameters, call), call.context.frame)
    return known
  }
  const reported = diagnostics.length
  const expanded = expandBody(elaboration, target, parameters, call, paths, true)
  if (expanded && diagnostics.length === reported)
    cache.keep(target, key, parameters.values, { ...expanded, ...builder.since(mark) })
  return expanded
}

/** @param cached whether an expansion that holds this one is going to be cached */
function expandBody(
  elaboration: Elaboration,
  { definition }: DefinitionValue,
  parameters: BoundParameters,
  call: Call,
  paths: ExpansionPaths,
  cached: boolean | undefined,
): ExpandedBody | undefined {
  const { builder } = elaboration
  const name = definition.name.text
  const frame = builder.open(
    { kind: definition.kind, definition: name, ...paths, ...outlineOf(parameters, call) },
    call.context.frame,
  )
  const context: Context = { scope: parameters.scope, frame, ...paths, ...(cached && { cached }) }
  const owner = { block: name, span: definition.name.span }
  const { result, members } = elaboration.statements(definition.statements, context, owner, definition.kind === 'block')
  if (result?.kind === 'error') return undefined
  if (result?.kind === 'tuple') {
    const returned = namedItems(result, members, elaboration.report)
    const all = new Map([...membersOfItems(result), ...members, ...(returned ?? [])])
    builder.countNames(all.size)
    return returned && { result: undefined, members: all, values: [...returned.keys()] }
  }
  const isPlain = result?.kind === 'list' || (result && isConstant(result))
  // A branch has its bindings as members, whatever it returns.
  if (isPlain && definition.kind === 'block') return { result: undefined, members, plain: result }
  const tensor = result && tensorOf(result)
  if (tensor) frame.result = tensor.ref
  if (result?.kind !== 'instance') return { result: tensor, members }
  // `return inner(x)`: what can be tapped inside of it can be tapped here, too.
  builder.countNames(result.members.size)
  const all = new Map([...result.members, ...members])
  const { values, rounds } = result
  return { result: tensor, members: all, ...(values && { values }), ...(rounds && { roundValues: rounds }) }
}

function outlineOf({ values }: BoundParameters, call: Call): Pick<Frame, 'inputs' | 'span' | 'local'> {
  const inputs = [...values].flatMap(([name, { value }]) => {
    const tensor = tensorOf(value)
    return tensor ? [{ name, value: tensor.ref }] : []
  })
  return { inputs, ...bindingPath(call), span: call.span }
}

/** Returns the value of a call of a block or branch, and how to call it again. */
function instanceOf(
  target: DefinitionValue,
  values: ReadonlyMap<string, BoundArgument>,
  { result, members, values: returned, roundValues }: ExpandedBody,
  call: Call,
  { parameterPath }: ExpansionPaths,
): Value {
  return {
    kind: 'instance',
    of: target.definition.name.text,
    result: result && { ...result, span: call.span },
    members,
    ...(returned && { values: returned }),
    ...(roundValues && { rounds: roundValues }),
    recall: { callee: target, arguments: values, parameterPath },
  }
}
