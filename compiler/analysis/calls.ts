import { elementAt } from '../../grammar/present.js'
import type { Argument, Span } from '../../grammar/tree.js'
import type { Label } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import type { Code, ValuesOf } from '../diagnostics/table.js'
import { type Attribute, type Frame, shapeText, type TensorType } from '../graph/graph.js'
import type { Inference } from '../ops/call.js'
import type { ArgumentSpec, Operation } from '../ops/operation.js'
import { elementsPerImage } from '../ops/support/shapes.js'
import { elements } from '../ops/support/tensor.js'
import { TypedCall } from '../ops/support/typed.js'
import { constantOf, type Given, match, signatureOf } from './arguments.js'
import { tensorCapacity } from './capacity.js'
import { type Call, type Context, type Elaboration, inner, makerName } from './elaboration.js'
import { callsWithInput, givingArgument, inputLeftOut, resizing } from './fixes.js'
import { type MemoPlace, memoKey } from './memo.js'
import { Scope } from './scope.js'
import {
  type BoundArgument,
  type DefinitionValue,
  describe,
  errorValue,
  type Recall,
  type TensorValue,
  tensorOf,
  type Value,
} from './values.js'
import type { Written } from './written.js'

const takesTensor = ({ kind }: ArgumentSpec) =>
  kind.is === 'tensor' || kind.is === 'tensors' || kind.is === 'tensor or number'

/** A call of an operation: one node. */
export function callOperation(elaborator: Elaboration, operation: Operation, call: Call): Value {
  const signature = signatureOf(operation)
  const { names } = signature
  const { given, ok } = match(signature, call.piped, call.list, call.span, elaborator.report)
  const values = new Map<string, readonly BoundArgument[]>()
  call.given?.forEach((bound, index) => {
    values.set(elementAt(names, index), [bound])
  })
  for (const spec of operation.arguments) {
    const items = given.get(spec.name)
    if (items)
      values.set(
        spec.name,
        items.map((item) => evaluateGiven(elaborator, item, spec, call)),
      )
  }
  return ok ? operate(elaborator, operation, values, call, undefined) : errorValue
}

function evaluateGiven(
  elaborator: Elaboration,
  item: Given,
  spec: ArgumentSpec | undefined,
  call: Call,
): BoundArgument {
  if ('value' in item) return { value: item.value, span: item.span }
  const { expression, span } = item
  // `pool = mean`: a word where the argument takes one, unless the name holds a string.
  if (spec?.kind.is === 'word' && expression.kind === 'name') {
    const value = call.context.scope.find(expression.text)
    return value?.kind === 'string'
      ? { value, span }
      : { value: { kind: 'string', value: expression.text }, span: expression.span, word: expression.text }
  }
  const value = elaborator.evaluate(expression, call.context, inner(call.place))
  return { value, span: expression.span, expression }
}

/** Checks the values against the operation's arguments, infers the outputs, and adds the node. */
function operate(
  elaborator: Elaboration,
  operation: Operation,
  values: ReadonlyMap<string, readonly BoundArgument[]>,
  call: Call,
  sharedPath: readonly string[] | undefined,
): Value {
  const tensors = new Map<string, readonly TensorValue[]>()
  const attributes: Record<string, Attribute> = {}
  let ok = true
  let shifted = false
  for (const spec of operation.arguments) {
    const bound = values.get(spec.name)
    if (!bound) {
      const standard = elaborator.defaultOf(operation.name, spec)
      if (standard === undefined) {
        if (!shifted)
          elaborator.report(
            diagnose(
              'missing-argument',
              {
                callee: operation.name,
                name: spec.name,
                meaning: spec.meaning,
                calls: callsWithInput(operation, spec, call),
              },
              call.span,
              '',
              [],
              givingArgument(spec.name, call, spec),
            ),
          )
        ok = false
      } else if (standard !== null) attributes[spec.name] = standard
      continue
    }
    const found = takesTensor(spec) ? bound.flatMap(({ value }) => tensorOf(value) ?? []) : []
    const label = spec.label ? undefined : found.find(({ type }) => type.element === 'label')
    if (label) {
      const values = { name: `\`${spec.name}\``, expected: 'a tensor of numbers', found: 'the class label' }
      elaborator.report(diagnose('wrong-type', values, elementAt(bound, 0).span))
      ok = false
    } else if (found.length > 0 && found.length === bound.length) tensors.set(spec.name, found)
    else {
      const odd = bound.find(({ value }) => !takesTensor(spec) || !tensorOf(value))
      const calls = odd && inputLeftOut(operation, spec, odd, call)
      if (calls) {
        // Every value stands one place too early: what seems to be missing at the end is there.
        shifted = true
        ok = false
        const values = { name: `\`${spec.name}\``, expected: 'a tensor', found: describe(odd.value) }
        elaborator.report(diagnose('wrong-type', { ...values, instead: calls.join(' or ') }, odd.span))
        continue
      }
      const constant = odd && constantOf(spec, odd, elaborator.report)
      if (constant === undefined) ok = false
      else attributes[spec.name] = constant
    }
  }
  if (!ok) return errorValue
  const types = new Map(
    [...tensors].map(([name, list]): [string, readonly TensorType[]] => [name, list.map(({ type }) => type)]),
  )
  const typed = new InferredCall(operation.name, types, attributes, (code, failure, about, note) => {
    const labels = shapeLabels(tensors, about, call.span)
    elaborator.report(diagnose(code, failure, call.span, note, labels, resizing(code, failure, values)))
  })
  const outputs = operation.typing.infer(typed)
  if (!outputs) return errorValue
  return addNode(elaborator, operation, { typed, tensors, attributes, outputs, values }, call, sharedPath)
}

type Fail = <C extends Code>(code: C, values: ValuesOf<C>, about: readonly string[], note: string) => void

/** A call during type inference, which can report problems. */
class InferredCall extends TypedCall implements Inference {
  constructor(
    operation: string,
    types: ReadonlyMap<string, readonly TensorType[]>,
    attributes: Readonly<Record<string, Attribute>>,
    private readonly report: Fail,
  ) {
    super(operation, types, attributes)
  }

  fail<C extends Code>(code: C, values: ValuesOf<C>, about: readonly string[] = [], note = ''): undefined {
    this.report(code, values, about, note)
    return undefined
  }
}

interface Checked {
  readonly typed: TypedCall
  readonly tensors: ReadonlyMap<string, readonly TensorValue[]>
  readonly attributes: Readonly<Record<string, Attribute>>
  readonly outputs: readonly TensorType[]
  readonly values: ReadonlyMap<string, readonly BoundArgument[]>
}

function addNode(
  elaborator: Elaboration,
  operation: Operation,
  checked: Checked,
  call: Call,
  sharedPath: readonly string[] | undefined,
): Value {
  const { context, place, span } = call
  const maker = operation.typing.parameters !== undefined && !sharedPath
  const own = maker ? makerName(place) : place.last ? place.naming.name : [...place.naming.name, operation.name]
  const local = own.length > 0 ? own : [operation.name]
  const parameterPath = sharedPath ?? [...context.parameterPath, ...own]
  const parameters: Record<string, string> = {}
  for (const spec of operation.typing.parameters?.(checked.typed) ?? []) {
    const name = [...parameterPath, spec.role].join('.')
    if (exceeds(elaborator, `the weight \`${name}\``, elements(spec.shape), span)) return errorValue
    if (!sharedPath && !elaborator.builder.declare(name, spec, span)) {
      elaborator.report(diagnose('duplicate-parameter', { name }, span))
      return errorValue
    }
    parameters[spec.role] = name
  }
  for (const type of checked.outputs)
    if (exceeds(elaborator, `the result of ${operation.name}`, elementsPerImage(type), span)) return errorValue
  const inputs = [...checked.tensors].flatMap(([argument, list]) => list.map(({ ref }) => ({ argument, value: ref })))
  const node = elaborator.builder.add(
    {
      operation: operation.name,
      path: [...context.path, ...local],
      inputs,
      attributes: checked.attributes,
      parameters,
      outputs: checked.outputs,
      ...bindingPath(call),
      span,
    },
    context.frame,
  )
  const tensorAt = (output: number): TensorValue => {
    const type = elementAt(checked.outputs, output)
    return { kind: 'tensor', ref: elaborator.builder.value(node, output), type, span }
  }
  const result = tensorAt(0)
  if (!operation.typing.parameters && !operation.outputs) return result
  const members = new Map<string, Value>((operation.outputs ?? []).map((name, output) => [name, tensorAt(output)]))
  if (!operation.typing.parameters) return { kind: 'instance', of: operation.name, result, members }
  const constants = new Map([...checked.values].map(([name, list]) => [name, elementAt(list, 0)]))
  return {
    kind: 'instance',
    of: operation.name,
    result,
    members,
    recall: { callee: { kind: 'operation', operation }, arguments: constants, parameterPath },
  }
}

/** Reports a tensor of more elements than can be counted. */
function exceeds(elaborator: Elaboration, what: string, count: number, span: Span): boolean {
  const problem = tensorCapacity(what, count, span)
  if (problem) elaborator.report(problem)
  return problem !== undefined
}

/** The binding whose value the call is, seen from the frame around it. */
function bindingPath({ place, context }: Call): { local?: readonly string[] } {
  const stage = place.ownLine && !place.last && place.stage !== undefined ? [String(place.stage)] : []
  const local = [...context.path.slice(context.frame.path.length), ...place.naming.name, ...stage]
  const named = place.last || (stage.length > 0 && place.naming.name.length > 0)
  return named && local.length > 0 ? { local } : {}
}

/** Each argument's tensor, where it was defined, with its shape. */
function shapeLabels(
  tensors: ReadonlyMap<string, readonly TensorValue[]>,
  about: readonly string[],
  span: Span,
): Label[] {
  return about
    .flatMap((name) => tensors.get(name) ?? [])
    .filter((tensor) => tensor.span.start !== span.start || tensor.span.source !== span.source)
    .map((tensor) => ({ span: tensor.span, text: shapeText(tensor.type) }))
}

/** A call of a block or branch: its statements, written out with these arguments. */
export function callDefinition(elaborator: Elaboration, target: DefinitionValue, call: Call): Value {
  const { definition } = target
  const names = definition.parameters.map(({ name }) => name.text)
  const { list, pretrained } = splitPretrained(elaborator, names, call)
  const { given, ok } = match({ callee: definition.name.text, names }, call.piped, list, call.span, elaborator.report)
  const bound = new Map<string, BoundArgument>()
  for (const [name, [item]] of given) if (item) bound.set(name, evaluateGiven(elaborator, item, undefined, call))
  if (!ok) return errorValue
  const own = makerName(call.place)
  if (pretrained && elaborator.builder.sharing === 0)
    elaborator.builder.pretrained.push({
      ...pretrained,
      path: [...call.context.parameterPath, ...own],
      span: call.span,
    })
  return instantiate(elaborator, target, bound, call, {
    path: [...call.context.path, ...own],
    parameterPath: [...call.context.parameterPath, ...own],
  })
}

/**
 * `weights = "..."` and `partial = true` belong to every call of a block: what its parameters begin with. A block that has parameters of
 * these names keeps them.
 */
function splitPretrained(elaborator: Elaboration, names: readonly string[], call: Call) {
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
    const value = elaborator.evaluate(argument.value, call.context, inner(call.place))
    if (value.kind !== kind && value.kind !== 'error') {
      const values = { name: `\`${name}\``, expected, found: describe(value) }
      elaborator.report(diagnose('wrong-type', values, argument.span))
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

type Where = MemoPlace

export function instantiate(
  elaborator: Elaboration,
  target: DefinitionValue,
  bound: ReadonlyMap<string, BoundArgument>,
  call: Call,
  where: Where,
): Value {
  const { definition } = target
  if (elaborator.calls.some((outer) => outer.definition === definition)) {
    elaborator.report(diagnose('recursive-block', { name: definition.name.text }, call.span))
    return errorValue
  }
  elaborator.calls.push({ definition, span: call.span })
  const value = writeOut(elaborator, target, bound, call, where)
  elaborator.calls.pop()
  return value
}

function writeOut(
  elaborator: Elaboration,
  target: DefinitionValue,
  bound: ReadonlyMap<string, BoundArgument>,
  call: Call,
  where: Where,
): Value {
  const { definition, scope: outer } = target
  const scope = new Scope<Value>(outer)
  const known = new Map(bound)
  for (const { name, default: standard } of definition.parameters) {
    let argument = known.get(name.text)
    if (!argument) {
      if (!standard) {
        elaborator.report(
          diagnose(
            'missing-argument',
            { callee: definition.name.text, name: name.text, meaning: undefined },
            call.span,
            '',
            [],
            givingArgument(name.text, call),
          ),
        )
        return errorValue
      }
      const context = { scope, frame: call.context.frame, path: where.path, parameterPath: where.parameterPath }
      argument = { value: elaborator.evaluate(standard, context, inner(call.place)), span: standard.span }
      known.set(name.text, argument)
    }
    if (argument.value.kind === 'error') return errorValue
    elaborator.facts?.named(name, { value: argument.value, first: 0, end: 0 })
    scope.define(name.text, argument.value)
  }
  const { builder, memo } = elaborator
  const outline = { inputs: tensorsOf(known), ...bindingPath(call), span: call.span }
  const mark = builder.mark()
  const kept =
    memo?.takes(target) && !elaborator.keeping
      ? { memo, key: memoKey(definition.name.text, builder, mark, where) }
      : undefined
  const before = kept?.memo.find(target, kept.key, known)
  if (before && builder.fits(before)) {
    builder.put(before, outline, call.context.frame)
    return instance(target, known, before, call, where)
  }
  const frame = builder.open(
    { kind: definition.kind, definition: definition.name.text, ...where, ...outline },
    call.context.frame,
  )
  const context: Context = { scope, frame, path: where.path, parameterPath: where.parameterPath }
  const owner = { name: definition.name.text, span: definition.name.span }
  const said = elaborator.diagnostics.length
  if (kept) elaborator.keeping = true
  const { result, members } = elaborator.statements(definition.statements, context, owner, definition.kind === 'block')
  if (kept) elaborator.keeping = false
  if (result?.kind === 'error') return errorValue
  const tensor = result && tensorOf(result)
  if (tensor) frame.result = tensor.ref
  // `return inner(x)`: what can be tapped inside of it can be tapped here, too.
  const returned = result?.kind === 'instance' ? result.members : undefined
  const made = { result: tensor, members: returned ? new Map([...returned, ...members]) : members }
  if (returned) builder.returned(returned.size)
  if (kept && elaborator.diagnostics.length === said)
    kept.memo.keep(target, kept.key, known, { ...made, ...builder.since(mark) })
  return instance(target, known, made, call, where)
}

function tensorsOf(known: ReadonlyMap<string, BoundArgument>): Frame['inputs'] {
  return [...known].flatMap(([name, { value }]) => {
    const tensor = tensorOf(value)
    return tensor ? [{ name, value: tensor.ref }] : []
  })
}

/** The value of a call of a block or branch, and how to call it again. */
function instance(
  target: DefinitionValue,
  known: ReadonlyMap<string, BoundArgument>,
  { result, members }: Pick<Written, 'result' | 'members'>,
  call: Call,
  { parameterPath }: Where,
): Value {
  const recall: Recall = { callee: target, arguments: known, parameterPath }
  return {
    kind: 'instance',
    of: target.definition.name.text,
    result: result && { ...result, span: call.span },
    members,
    recall,
  }
}

/** `trunk(crop)`: what made the weights runs again on other tensors, everything else as it was. */
export function recall(
  elaborator: Elaboration,
  { callee, arguments: first, parameterPath }: Recall,
  call: Call,
): Value {
  const names = [...first].filter(([, { value }]) => tensorOf(value)).map(([name]) => name)
  const { given, ok } = match({ callee: call.callee, names }, call.piped, call.list, call.span, elaborator.report)
  const bound = new Map(first)
  for (const name of names) {
    const [item] = given.get(name) ?? []
    if (item) bound.set(name, evaluateGiven(elaborator, item, undefined, call))
    else {
      elaborator.report(
        diagnose(
          'missing-argument',
          { callee: call.callee, name, meaning: 'the tensor to run the same weights on' },
          call.span,
          '',
          [],
          givingArgument(name, call),
        ),
      )
      return errorValue
    }
  }
  if (!ok || [...bound.values()].some(({ value }) => value.kind === 'error')) return errorValue
  if (callee.kind === 'operation')
    return operate(
      elaborator,
      callee.operation,
      new Map([...bound].map(([name, argument]) => [name, [argument]])),
      call,
      parameterPath,
    )
  const own = call.place.last ? call.place.naming.name : [...call.place.naming.name, callee.definition.name.text]
  elaborator.builder.sharing++
  const value = instantiate(elaborator, callee, bound, call, { path: [...call.context.path, ...own], parameterPath })
  elaborator.builder.sharing--
  return value
}
