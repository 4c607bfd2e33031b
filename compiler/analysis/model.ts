import type { Branch, Model, Span } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { nearest } from '../diagnostics/suggest.js'
import { cropOutputs } from '../graph/crop.js'
import {
  type BranchLogits,
  type Frame,
  type Graph,
  type ImageInput,
  isShared,
  type LabelInput,
  type NamedValue,
  type Prediction,
  typeOf,
} from '../graph/graph.js'
import { Meanings } from '../graph/meaning.js'
import { reachable } from '../graph/prune.js'
import { batchStatisticsProblems } from './batch_statistics.js'
import { instantiate } from './block_call.js'
import { cacheProblems } from './cache_problems.js'
import { modelCapacity } from './capacity.js'
import type { Call, Context } from './elaboration.js'
import type { Elaborator } from './elaborator.js'
import { declareInputs } from './inputs.js'
import type { Module } from './modules.js'
import { placeOf } from './naming.js'
import { meanOverBatch, repeatedLike } from './operation_call.js'
import { reservedOutputs } from './output_names.js'
import { Scope } from './scope.js'
import { trainingPlan, viewSteps } from './training.js'
import { type BoundArgument, describe, isConstant, type TensorValue, tensorOf, type Value } from './values.js'

export type ModelSettings = Readonly<Record<string, number | boolean | string>>

/** Elaborates a model. Returns undefined if an error, which is reported, left the graph incomplete. */
export function elaborateModel(
  elaborator: Elaborator,
  module: Module,
  model: Model,
  chosen: ModelSettings,
): Graph | undefined {
  const scope = new Scope<Value>(module.scope)
  const frame = elaborator.builder.open(
    { kind: 'model', definition: model.name.text, path: [], parameterPath: [], inputs: [], span: model.span },
    undefined,
  )
  const context: Context = { scope, frame, path: [], parameterPath: [] }
  const settings = modelParameters(elaborator, model, context, chosen)
  const { image, labels, views: declaredViews } = declareInputs(elaborator, model, context)
  const branchLogits: NamedValue[] = []
  for (const item of model.items) {
    if (item.kind === 'binding') elaborator.bind(item, context)
    else {
      const value = branch(elaborator, item, context)
      const found = value?.kind === 'instance' ? value.members.get('logits') : undefined
      const tensor = found && tensorOf(found)
      const own = [item.name.text]
      const inside: Context = { scope: context.scope, frame, path: own, parameterPath: own }
      const answer = tensor && forEachImage(elaborator, tensor, image, inside, item.name.span, ['logits'])
      if (answer) branchLogits.push({ name: item.name.text, value: answer.ref })
    }
  }
  const losses = namedValues(
    elaborator,
    model.losses,
    context,
    frame,
    'loss',
    image,
    (tensor) => tensor.type.element === 'float' && tensor.type.shape.length <= 1,
  )
  const predicted = namedValues(
    elaborator,
    model.predictions,
    context,
    frame,
    'predict',
    image,
    (tensor) => tensor.type.shape.length > 0,
  )
  if (model.predictions.length === 0)
    elaborator.report(diagnose('no-prediction', { name: model.name.text }, model.name.span))
  for (const problem of reservedOutputs(model.predictions, image?.name)) elaborator.report(problem)
  if (model.losses.length === 0) elaborator.report(diagnose('zero-loss', {}, model.name.span))
  const { predictions, logits, label } = answersOf(elaborator, model, labels, predicted, branchLogits)
  const plan = trainingPlan(elaborator, model, context, { image, labels, views: declaredViews })
  const views = image ? viewSteps(elaborator, declaredViews, context, { image, plan }) : []
  const outputs = [...losses, ...predictions, ...logits].map(({ value }) => value)
  // A tap that nothing uses is not computed.
  const live = reachable(elaborator.builder.nodes, outputs)
  const computed = elaborator.builder.nodes.filter(({ id }) => live.has(id))
  const tooLarge = modelCapacity(computed, elaborator.builder.parameters.values(), model.name.span)
  if (tooLarge) elaborator.report(tooLarge)
  for (const problem of batchStatisticsProblems(elaborator.builder.nodes, plan.batch)) elaborator.report(problem)
  if (!image || elaborator.diagnostics.some(({ severity }) => severity === 'error')) return undefined
  const { nodes, frames, parameters, pretrained } = elaborator.builder
  const graph: Graph = {
    name: model.name.text,
    settings,
    nodes,
    frames,
    parameters,
    image,
    labels,
    views,
    label,
    losses,
    predictions,
    logits,
    crops: cropOutputs(nodes, outputs),
    early: [],
    pretrained,
    plan,
  }
  const cache = model.training.findLast(({ name }) => name.text === 'cache')
  const problems = cacheProblems(graph, cache?.value.span ?? model.name.span)
  for (const problem of problems) elaborator.report(problem)
  return problems.length > 0 ? undefined : graph
}

/** Returns the predictions with their meanings, the logits with their label inputs, and the first Class input. */
function answersOf(
  elaborator: Elaborator,
  model: Model,
  labels: readonly LabelInput[],
  predicted: readonly NamedValue[],
  branchLogits: readonly NamedValue[],
): Pick<Graph, 'predictions' | 'logits' | 'label'> {
  const { nodes } = elaborator.builder
  const meanings = new Meanings({ nodes }, labels)
  const spanOf = (name: string) =>
    model.predictions.find((binding) => binding.name.text === name)?.name.span ?? model.name.span
  const predictions = predicted.flatMap((prediction): Prediction[] => {
    const meaning = meanings.of(prediction)
    if (meaning.kind !== 'ambiguous') return [{ ...prediction, meaning }]
    const names = meaning.labels.map(({ name }) => name)
    elaborator.report(
      diagnose('ambiguous-prediction', { name: prediction.name, labels: names }, spanOf(prediction.name)),
    )
    return []
  })
  const logits = branchLogits.map((one): BranchLogits => {
    const of = meanings.classOf(one.value)
    return { ...one, ...(of !== undefined && { of }) }
  })
  return { predictions, logits, label: labels.find(({ kind }) => kind === 'Class') }
}

/** The values of `model name(classes = 200, ...)`, those chosen from outside first. */
function modelParameters(elaborator: Elaborator, model: Model, context: Context, chosen: ModelSettings): ModelSettings {
  const known = model.parameters.map(({ name }) => name.text)
  for (const name of Object.keys(chosen))
    if (!known.includes(name))
      elaborator.report(
        diagnose(
          'unknown-parameter',
          { name, model: model.name.text, known, suggestion: nearest(name, known) },
          model.name.span,
        ),
      )
  // Names are the user's, and may be those of parts that every object has: constructor, __proto__.
  const settings = new Map<string, number | boolean | string>()
  for (const { name, default: standard } of model.parameters) {
    const given = Object.hasOwn(chosen, name.text) ? chosen[name.text] : undefined
    const value: Value =
      given !== undefined
        ? constant(given)
        : standard
          ? elaborator.evaluate(standard, context, placeOf(standard, [], context.scope))
          : { kind: 'error' }
    if (given === undefined && !standard)
      elaborator.report(
        diagnose(
          'missing-argument',
          { callee: model.name.text, name: name.text, meaning: `set it: --set ${name.text}=...` },
          name.span,
        ),
      )
    if (value.kind === 'number' || value.kind === 'boolean' || value.kind === 'string')
      settings.set(name.text, value.value)
    else if (value.kind !== 'error' && !isConstant(value))
      elaborator.report(
        diagnose(
          'wrong-type',
          {
            name: `\`${name.text}\``,
            expected: 'a number, true, false, a string or a list of these',
            found: describe(value),
          },
          name.span,
        ),
      )
    elaborator.facts?.named(name, { value, first: 0, end: 0 })
    if (!context.scope.define(name.text, value))
      elaborator.report(diagnose('duplicate-name', { name: name.text }, name.span))
  }
  return Object.fromEntries(settings)
}

function constant(value: number | boolean | string): Value {
  if (typeof value === 'number') return { kind: 'number', value }
  return typeof value === 'boolean' ? { kind: 'boolean', value } : { kind: 'string', value }
}

/** `branch master(image) { ... }` runs at once on what its parameters name; `branch part = master(crop)` is a call. */
function branch(elaborator: Elaborator, item: Branch, context: Context): Value | undefined {
  const path = [item.name.text]
  const first = elaborator.builder.nodes.length
  let value: Value
  if (item.call) value = elaborator.evaluate(item.call, context, placeOf(item.call, path, context.scope))
  else {
    const bound = new Map<string, BoundArgument>()
    for (const { name } of item.parameters) {
      const given = context.scope.find(name.text)
      if (given && given.kind !== 'operation' && given.kind !== 'definition')
        bound.set(name.text, { value: given, span: name.span })
    }
    const call = {
      list: [],
      span: item.name.span,
      piped: undefined,
      context,
      place: placeOf({ kind: 'missing', span: item.span }, path, context.scope),
      callee: item.name.text,
    }
    value = instantiate(elaborator, { kind: 'definition', definition: item, scope: context.scope }, bound, call, {
      path,
      parameterPath: path,
    })
  }
  elaborator.facts?.named(item.name, { value, first, end: elaborator.builder.nodes.length })
  if (!context.scope.define(item.name.text, value))
    elaborator.report(diagnose('duplicate-name', { name: item.name.text }, item.name.span))
  return value
}

/** Returns the answer to each image: one that does not depend on the image is repeated. */
function forEachImage(
  elaborator: Elaborator,
  tensor: TensorValue,
  image: ImageInput | undefined,
  context: Context,
  span: Span,
  name: readonly string[],
): TensorValue | undefined {
  if (!isShared(tensor.type) || !image) return tensor
  const { nodes } = elaborator.builder
  const like: TensorValue = { kind: 'tensor', ref: image.value, type: typeOf({ nodes }, image.value), span }
  return repeatedLike(elaborator, tensor, like, addedCall(context, span, name))
}

/** Returns a loss as one number: of one number for each image the mean. */
function oneNumber(
  elaborator: Elaborator,
  tensor: TensorValue,
  context: Context,
  span: Span,
  name: readonly string[],
): TensorValue | undefined {
  if (tensor.type.shape.length === 0) return tensor
  return meanOverBatch(elaborator, tensor, addedCall(context, span, name))
}

/** A call that the text does not have, of an operation that completes a value. */
function addedCall(context: Context, span: Span, name: readonly string[]): Call {
  const place = placeOf({ kind: 'missing', span }, name, context.scope)
  return { list: [], span, piped: undefined, context, place, callee: name.join('.'), bare: true }
}

function namedValues(
  elaborator: Elaborator,
  bindings: Model['losses'],
  context: Context,
  frame: Frame,
  section: 'loss' | 'predict',
  image: ImageInput | undefined,
  fits: (tensor: TensorValue) => boolean,
): NamedValue[] {
  // A loss may be called as the branch that it teaches: its name is for people, nothing refers to it.
  const inside: Context = { scope: context.scope, frame, path: [section], parameterPath: [section] }
  const names = new Set<string>()
  return bindings.flatMap((binding) => {
    const value = elaborator.valueOf(binding, inside)
    if (names.has(binding.name.text))
      elaborator.report(diagnose('duplicate-name', { name: binding.name.text }, binding.name.span))
    names.add(binding.name.text)
    // `joint == "classifier" ? cross_entropy(...) : 0`: a loss that was not chosen.
    if (section === 'loss' && value.kind === 'number' && value.value === 0) return []
    const tensor = tensorOf(value)
    if (tensor && fits(tensor)) {
      const [span, name] = [binding.value.span, [binding.name.text]]
      const answer =
        section === 'loss'
          ? oneNumber(elaborator, tensor, inside, span, name)
          : forEachImage(elaborator, tensor, image, inside, span, name)
      return answer ? [{ name: binding.name.text, value: answer.ref }] : []
    }
    const expected =
      section === 'loss'
        ? 'one number, such as cross_entropy(...), or one for each image'
        : 'a tensor, such as softmax(master.logits)'
    if (value.kind !== 'error')
      elaborator.report(
        diagnose(
          'wrong-type',
          { name: `\`${binding.name.text}\``, expected, found: describe(value) },
          binding.value.span,
        ),
      )
    return []
  })
}
