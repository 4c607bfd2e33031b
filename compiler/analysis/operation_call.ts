import { elementAt } from '../../grammar/present.js'
import type { Span } from '../../grammar/tree.js'
import type { Label } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import type { Code, ValuesOf } from '../diagnostics/table.js'
import { type Attribute, isOfPairs, isShared, shapeText, type TensorType } from '../graph/graph.js'
import type { Inference } from '../ops/call.js'
import { operationNamed } from '../ops/index.js'
import type { ArgumentSpec, Conversion, Operation } from '../ops/operation.js'
import { elementsPerImage } from '../ops/support/shapes.js'
import { elements } from '../ops/support/tensor.js'
import { TypedCall } from '../ops/support/typed.js'
import { constantOf, type Given, match, signatureOf, strangeUnit } from './arguments.js'
import { tensorCapacity } from './capacity.js'
import { bindingPath, type Call, type Elaboration } from './elaboration.js'
import { callsWithInput, givingArgument, inputLeftOut, resizing } from './fixes.js'
import { inner, plainCallName, weightCallName } from './naming.js'
import { type BoundArgument, describe, errorValue, type TensorValue, tensorOf, type Value } from './values.js'

/** Argument values by name: several for an argument that takes a list of tensors. */
type ArgumentValues = ReadonlyMap<string, readonly BoundArgument[]>

/** A call's arguments by their role in the graph: tensors become inputs, constants become attributes. */
interface Operands {
  readonly tensors: ReadonlyMap<string, readonly TensorValue[]>
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** Evaluates a call of an operation: matches and evaluates its arguments, then applies the operation to them. */
export function callOperation(elaboration: Elaboration, operation: Operation, call: Call): Value {
  const values = evaluateArguments(elaboration, operation, call)
  if (!values) return errorValue
  return constantResult(elaboration, operation, values, call) ?? applyOperation(elaboration, operation, values, call)
}

/** Returns the value of a call in which every argument is a number, if the operation can compute it; an error value is reported. */
function constantResult(
  elaboration: Elaboration,
  operation: Operation,
  values: ArgumentValues,
  call: Call,
): Value | undefined {
  const { constant } = operation
  const given = operation.arguments.map(({ name }) => values.get(name)?.[0]?.value)
  const numbers = given.flatMap((value) => (value?.kind === 'number' && !strangeUnit(value) ? [value.value] : []))
  if (!constant || numbers.length < given.length) return undefined
  const value = constant(...numbers)
  if (Number.isFinite(value)) return { kind: 'number', value }
  const problem = { name: `the result of ${operation.name}`, expected: 'a number', found: String(value) }
  elaboration.report(diagnose('wrong-type', problem, call.span))
  return errorValue
}

/**
 * Applies an operation to values: checks them against its arguments, infers the outputs' types and adds a node to the graph.
 * @param sharedPath the path of parameters that exist already, where their operation is called again
 */
export function applyOperation(
  elaboration: Elaboration,
  operation: Operation,
  values: ArgumentValues,
  call: Call,
  sharedPath?: readonly string[],
): Value {
  const checked = checkOperands(elaboration, operation, values, call)
  const converted = checked && convertOperands(elaboration, operation, checked, call)
  const operands = converted && repeatShared(elaboration, operation, converted, call)
  const inferred = operands && inferOutputs(elaboration, operation, values, operands, call)
  const node = inferred && addNode(elaboration, operation, inferred, call, sharedPath)
  return node ? resultOf(operation, node, values) : errorValue
}

function evaluateArguments(elaboration: Elaboration, operation: Operation, call: Call): ArgumentValues | undefined {
  const signature = signatureOf(operation)
  const { given, ok } = match(signature, call.piped, call.list, call.span, elaboration.report)
  const values = new Map<string, readonly BoundArgument[]>()
  call.given?.forEach((bound, index) => {
    values.set(elementAt(signature.names, index), [bound])
  })
  for (const spec of operation.arguments) {
    const items = given.get(spec.name)
    if (!items) continue
    const evaluated = items.map((item) => evaluateGiven(elaboration, item, spec, call))
    values.set(spec.name, evaluated)
  }
  return ok ? values : undefined
}

/** Evaluates a given argument: a bare word is a string where the argument takes words (`pool = mean`). */
export function evaluateGiven(
  elaboration: Elaboration,
  item: Given,
  spec: ArgumentSpec | undefined,
  call: Call,
): BoundArgument {
  if ('value' in item) return { value: item.value, span: item.span }
  const { expression, span } = item
  if (spec && takesWord(spec) && expression.kind === 'name') {
    const value = call.context.scope.find(expression.text)
    return value?.kind === 'string' || (value && spec.kind.is === 'axes' && isConstant(value))
      ? { value, span }
      : { value: { kind: 'string', value: expression.text }, span: expression.span, word: expression.text }
  }
  const value = elaboration.evaluate(expression, call.context, inner(call.place))
  return { value, span: expression.span, expression }
}

function takesWord({ kind }: ArgumentSpec): boolean {
  return kind.is === 'word' || kind.is === 'axes'
}

function isConstant({ kind }: Value): boolean {
  return kind === 'number' || kind === 'list' || kind === 'by-phase'
}

type CheckedArgument =
  | { readonly kind: 'tensors'; readonly tensors: readonly TensorValue[] }
  | { readonly kind: 'constant'; readonly value: Attribute }
  | { readonly kind: 'omitted' }
  | { readonly kind: 'invalid' }
  /** A constant in place of the first tensor: every positional value is shifted by one. */
  | { readonly kind: 'displaced' }

const invalid: CheckedArgument = { kind: 'invalid' }

function checkOperands(
  elaboration: Elaboration,
  operation: Operation,
  values: ArgumentValues,
  call: Call,
): Operands | undefined {
  const checked = new Map<string, CheckedArgument>()
  for (const spec of operation.arguments) {
    const bound = values.get(spec.name)
    const displaced = [...checked.values()].some(({ kind }) => kind === 'displaced')
    const argument = bound
      ? checkGiven(elaboration, operation, spec, bound, call)
      : checkOmitted(elaboration, operation, spec, call, displaced)
    checked.set(spec.name, argument)
  }
  return operandsOf(checked)
}

function operandsOf(checked: ReadonlyMap<string, CheckedArgument>): Operands | undefined {
  const tensors = new Map<string, readonly TensorValue[]>()
  const attributes: Record<string, Attribute> = {}
  for (const [name, argument] of checked) {
    if (argument.kind === 'invalid' || argument.kind === 'displaced') return undefined
    if (argument.kind === 'tensors') tensors.set(name, argument.tensors)
    else if (argument.kind === 'constant') attributes[name] = argument.value
  }
  return { tensors, attributes }
}

/** Adds the operation that computes the mean over the batch of one number for each image. */
export function meanOverBatch(elaboration: Elaboration, numbers: TensorValue, call: Call): TensorValue | undefined {
  const values = new Map([['x', [{ value: numbers, span: call.span }]]])
  return tensorOf(applyOperation(elaboration, operationNamed('batch_mean'), values, call))
}

/** Adds the operation that repeats a shared tensor for each image of another tensor. */
export function repeatedLike(
  elaboration: Elaboration,
  shared: TensorValue,
  like: TensorValue,
  call: Call,
): TensorValue | undefined {
  const values = new Map([
    ['x', [{ value: shared, span: call.span }]],
    ['like', [{ value: like, span: call.span }]],
  ])
  return tensorOf(applyOperation(elaboration, operationNamed('per_image'), values, call))
}

/** Repeats shared tensors for each image if other operands have a batch, unless the operation broadcasts: a class token beside patches. */
function repeatShared(
  elaboration: Elaboration,
  operation: Operation,
  operands: Operands,
  call: Call,
): Operands | undefined {
  const all = [...operands.tensors.values()].flat()
  const perImage = all.filter(({ type }) => type.shape.length > 0 && !isShared(type))
  const like = perImage.find(({ type }) => type.element === 'float') ?? perImage[0]
  if (!like || operation.semantics?.broadcasts || !all.some(({ type }) => isShared(type))) return operands
  const repeat = (shared: TensorValue) => repeatedLike(elaboration, shared, like, { ...call, place: inner(call.place) })
  const tensors = new Map<string, readonly TensorValue[]>()
  for (const [name, list] of operands.tensors) {
    const repeated = list.map((value) => (isShared(value.type) ? repeat(value) : value))
    // A tensor that cannot be repeated was reported.
    if (repeated.includes(undefined)) return undefined
    tensors.set(
      name,
      repeated.filter((value) => value !== undefined),
    )
  }
  return { ...operands, tensors }
}

/** @param displaced whether an earlier argument is displaced: then the one missing at the end is there, one place too early */
function checkOmitted(
  elaboration: Elaboration,
  operation: Operation,
  spec: ArgumentSpec,
  call: Call,
  displaced: boolean,
): CheckedArgument {
  const value = elaboration.defaultOf(operation.name, spec)
  if (value === null) return { kind: 'omitted' }
  if (value !== undefined) return { kind: 'constant', value }
  if (displaced) return invalid
  const calls = callsWithInput(operation, spec, call)
  const values = { callee: operation.name, name: spec.name, meaning: spec.meaning, calls }
  elaboration.report(diagnose('missing-argument', values, call.span, { fix: givingArgument(spec.name, call, spec) }))
  return invalid
}

function checkGiven(
  elaboration: Elaboration,
  operation: Operation,
  spec: ArgumentSpec,
  bound: readonly BoundArgument[],
  call: Call,
): CheckedArgument {
  const tensors = takesTensor(spec) ? bound.flatMap(({ value }) => tensorOf(value) ?? []) : []
  if (!spec.label && tensors.some(({ type }) => type.element === 'label')) {
    const values = { name: `\`${spec.name}\``, expected: 'a tensor of numbers', found: 'the class label' }
    elaboration.report(diagnose('wrong-type', values, elementAt(bound, 0).span))
    return invalid
  }
  if (tensors.length > 0 && tensors.length === bound.length) return { kind: 'tensors', tensors }
  const other = bound.find(({ value }) => !takesTensor(spec) || !tensorOf(value))
  if (!other) return invalid
  const calls = inputLeftOut(operation, spec, other, call)
  if (calls) {
    const values = { name: `\`${spec.name}\``, expected: 'a tensor', found: describe(other.value) }
    elaboration.report(diagnose('wrong-type', { ...values, instead: calls.join(' or ') }, other.span))
    return { kind: 'displaced' }
  }
  const value = constantOf(spec, other, elaboration.report)
  return value === undefined ? invalid : { kind: 'constant', value }
}

function takesTensor({ kind }: ArgumentSpec): boolean {
  return kind.is === 'tensor' || kind.is === 'tensors' || kind.is === 'tensor or number'
}

/** Adds the conversions of tensors that an argument takes in another form. */
function convertOperands(
  elaboration: Elaboration,
  operation: Operation,
  { tensors, attributes }: Operands,
  call: Call,
): Operands | undefined {
  const converted = new Map(tensors)
  for (const spec of operation.arguments) {
    const list = tensors.get(spec.name)
    if (!list || !spec.converted) continue
    const results = list.flatMap((tensor) => {
      const conversion = spec.converted?.(tensor.type)
      return (conversion ? convertOperand(elaboration, conversion, tensor, call) : tensor) ?? []
    })
    if (results.length < list.length) return undefined
    converted.set(spec.name, results)
  }
  return { tensors: converted, attributes }
}

function convertOperand(
  elaboration: Elaboration,
  { operation, attributes }: Conversion,
  tensor: TensorValue,
  call: Call,
): TensorValue | undefined {
  const tensors = new Map([[elementAt(operation.arguments, 0).name, [tensor]]])
  const inferred = inferOutputs(elaboration, operation, new Map(), { tensors, attributes }, call)
  const node = inferred && addNode(elaboration, operation, inferred, { ...call, place: inner(call.place) })
  return node && { ...elementAt(node.outputs, 0), span: tensor.span }
}

interface Inferred extends Operands {
  readonly typed: TypedCall
  readonly outputs: readonly TensorType[]
}

function inferOutputs(
  elaboration: Elaboration,
  operation: Operation,
  values: ArgumentValues,
  { tensors, attributes }: Operands,
  call: Call,
): Inferred | undefined {
  const types = new Map(
    [...tensors].map(([name, list]): [string, readonly TensorType[]] => [name, list.map(({ type }) => type)]),
  )
  const typed = new InferredCall(operation.name, types, attributes, (code, failure, about, note) => {
    const secondary = shapeLabels(tensors, about, call.span)
    elaboration.report(diagnose(code, failure, call.span, { note, secondary, fix: resizing(code, failure, values) }))
  })
  const ofPairs = [...tensors].filter(([, list]) => list.some(({ type }) => isOfPairs(type))).map(([name]) => name)
  if (ofPairs.length > 0 && !operation.semantics?.takesPairs)
    return typed.fail('pairs-not-taken', { callee: operation.name }, ofPairs)
  const outputs = operation.typing.infer(typed)
  return outputs && { typed, tensors, attributes, outputs }
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

/** Labels each argument's tensor, where it was defined, with its shape. */
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

interface AddedNode {
  readonly outputs: readonly TensorValue[]
  readonly parameterPath: readonly string[]
}

function addNode(
  elaboration: Elaboration,
  operation: Operation,
  inferred: Inferred,
  call: Call,
  sharedPath?: readonly string[],
): AddedNode | undefined {
  const { context, place, span } = call
  const makesWeights = operation.typing.parameters !== undefined && !sharedPath
  const own = makesWeights ? weightCallName(place) : plainCallName(place, operation.name)
  const parameterPath = sharedPath ?? [...context.parameterPath, ...own]
  const parameters = declareParameters(elaboration, operation, inferred.typed, parameterPath, call, !sharedPath)
  if (!parameters) return undefined
  for (const type of inferred.outputs)
    if (exceedsCapacity(elaboration, `the result of ${operation.name}`, elementsPerImage(type), span)) return undefined
  const node = elaboration.builder.add(
    {
      operation: operation.name,
      path: [...context.path, ...(own.length > 0 ? own : [operation.name])],
      inputs: [...inferred.tensors].flatMap(([argument, list]) => list.map(({ ref }) => ({ argument, value: ref }))),
      attributes: inferred.attributes,
      parameters,
      outputs: inferred.outputs,
      ...bindingPath(call),
      span,
    },
    context.frame,
  )
  const outputs = inferred.outputs.map(
    (type, output): TensorValue => ({ kind: 'tensor', ref: elaboration.builder.value(node, output), type, span }),
  )
  return { outputs, parameterPath }
}

/** Returns the names of the operation's parameters by their role; undefined when one of them was reported. */
function declareParameters(
  elaboration: Elaboration,
  operation: Operation,
  typed: TypedCall,
  path: readonly string[],
  { span }: Call,
  isNew: boolean,
): Record<string, string> | undefined {
  const parameters: Record<string, string> = {}
  for (const spec of operation.typing.parameters?.(typed) ?? []) {
    const name = [...path, ...(spec.role === '' ? [] : [spec.role])].join('.')
    if (exceedsCapacity(elaboration, `the weight \`${name}\``, elements(spec.shape), span)) return undefined
    if (isNew && !elaboration.builder.declare(name, spec, span)) {
      elaboration.report(diagnose('duplicate-parameter', { name }, span))
      return undefined
    }
    parameters[spec.role] = name
  }
  return parameters
}

/** Reports a tensor of more elements than can be counted. */
function exceedsCapacity(elaboration: Elaboration, what: string, count: number, span: Span): boolean {
  const problem = tensorCapacity(what, count, span)
  if (problem) elaboration.report(problem)
  return problem !== undefined
}

/** Returns the value of the call: its first output, with named outputs as members, and how to call it again if it has parameters. */
function resultOf(operation: Operation, { outputs, parameterPath }: AddedNode, values: ArgumentValues): Value {
  const result = elementAt(outputs, 0)
  if (!operation.typing.parameters && !operation.outputs) return result
  const members = new Map<string, Value>(
    (operation.outputs ?? []).map((name, output) => [name, elementAt(outputs, output)]),
  )
  const instance = { kind: 'instance', of: operation.name, result, members } as const
  if (!operation.typing.parameters) return instance
  const constants = new Map([...values].map(([name, list]) => [name, elementAt(list, 0)]))
  return { ...instance, recall: { callee: { kind: 'operation', operation }, arguments: constants, parameterPath } }
}
