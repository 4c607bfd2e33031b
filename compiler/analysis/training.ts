import type { Input, Model, Span } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { nearest } from '../diagnostics/suggest.js'
import { type ImageInput, type LabelInput, type Setting, sameValue, type TrainingPlan } from '../graph/graph.js'
import { operations } from '../ops/index.js'
import { trainArguments, trainSettings } from '../training/loop.js'
import { settings } from '../training/settings.js'
import { trainDefaults } from './defaults.js'
import type { Context } from './elaboration.js'
import type { Elaborator } from './elaborator.js'
import { isGroup, parameterGroups } from './groups.js'
import { plainSetting, setting, standardSetting } from './settings.js'

/** The preprocessing of every image. Without a list of steps, the image is stretched to the input size and scaled to -1 to 1. */
export function imageSteps(elaborator: Elaborator, input: Input, context: Context, size: number): readonly Setting[] {
  const normalize = standardSetting(elaborator, 'normalize')
  if (!input.steps) return [standardSetting(elaborator, 'resize', { size }), normalize]
  const steps = input.steps.flatMap((step) => setting(elaborator, step, context, 'image step') ?? [])
  const complete = steps.some(({ name }) => name === 'normalize') ? steps : [...steps, normalize]
  if (steps.length === input.steps.length) checkSize(elaborator, complete, size, input.span)
  return complete
}

function checkSize(elaborator: Elaborator, steps: readonly Setting[], size: number, span: Input['span']): void {
  const sized = steps.flatMap((step) => {
    const argument = settings.get(step.name)?.resizesTo
    return argument ? [step.arguments[argument]] : []
  })
  const last = sized.at(-1)
  if (last !== size)
    elaborator.report(
      diagnose(
        'wrong-input',
        {
          what:
            last === undefined
              ? `no step brings the image to ${size} x ${size}`
              : `the steps end at ${last} x ${last}, but the input is ${size} x ${size}`,
        },
        span,
      ),
    )
}

/** The train block, with a default for everything that it leaves out. */
export function trainingPlan(
  elaborator: Elaborator,
  model: Model,
  context: Context,
  image: ImageInput | undefined,
  labels: readonly LabelInput[],
): TrainingPlan {
  const known = [...trainArguments.map(({ name }) => name), ...Object.keys(trainSettings)]
  const groups = model.training.filter((binding) => !known.includes(binding.name.text) && isGroup(binding))
  for (const binding of model.training) {
    const { text, span } = binding.name
    if (!known.includes(text) && !groups.includes(binding))
      elaborator.report(
        diagnose(
          'unknown-setting',
          { name: text, known: [...known, 'augment'], suggestion: nearest(text, known) },
          span,
        ),
      )
  }
  const find = (name: string) => model.training.findLast((binding) => binding.name.text === name)
  const plain = new Map(
    trainArguments.map((spec) => [spec.name, plainSetting(elaborator, trainDefaults, spec, find(spec.name), context)]),
  )
  const chosen = (name: keyof typeof trainSettings) => {
    const binding = find(name)
    return binding && setting(elaborator, binding.value, context, trainSettings[name].kind)
  }
  const average = chosen('average')
  const weights = find('class_weights')
  const [label] = labels
  if (plain.get('class_weights') === 'balanced' && (labels.length > 1 || label?.kind !== 'Class'))
    elaborator.report(
      diagnose('cannot-balance', { labels: labels.map(({ name }) => name) }, weights?.value.span ?? model.name.span),
    )
  const { augment, mix } = augmentation(elaborator, model, context, image, labels)
  return {
    epochs: Number(plain.get('epochs')),
    batch: Number(plain.get('batch')),
    optimizer: chosen('optimizer') ?? standardSetting(elaborator, trainSettings.optimizer.standard),
    schedule: chosen('schedule') ?? standardSetting(elaborator, trainSettings.schedule.standard),
    groups: parameterGroups(elaborator, lastOfEach(groups), context),
    accumulate: Number(plain.get('accumulate')),
    clip: Number(plain.get('clip')),
    classWeights: plain.get('class_weights') === 'balanced' ? 'balanced' : 'none',
    patience: Number(plain.get('patience')),
    ...(average && { average }),
    ...(augment && { augment }),
    ...(mix && { mix }),
  }
}

/** A setting given by --train replaces an earlier one. */
function lastOfEach(bindings: Model['training']): Model['training'] {
  return [...new Map(bindings.map((binding) => [binding.name.text, binding])).values()]
}

/** The steps of the augment block: those for each image, and those for whole batches. */
function augmentation(
  elaborator: Elaborator,
  model: Model,
  context: Context,
  image: ImageInput | undefined,
  labels: readonly LabelInput[],
): Pick<TrainingPlan, 'augment' | 'mix'> {
  const block = model.augmentations.at(-1)
  if (!block) return {}
  if (image && block.input.text !== image.name) {
    const known = [image.name]
    elaborator.report(
      diagnose(
        'unknown-name',
        { name: block.input.text, known, suggestion: nearest(block.input.text, known), importable: undefined },
        block.input.span,
      ),
    )
    return {}
  }
  const augment: Setting[] = []
  const mix: Setting[] = []
  for (const step of block.steps) {
    const found = setting(elaborator, step, context, 'image step', 'batch step')
    if (!found) continue
    const ofBatch = settings.get(found.name)?.kind === 'batch step'
    if (ofBatch) checkMixing(elaborator, found.name, labels, step.span)
    const list = ofBatch ? mix : augment
    list.push(found)
  }
  const whole = augment.length + mix.length === block.steps.length
  if (image && whole && augment.length > 0) checkSize(elaborator, augment, image.height, block.span)
  return { ...((augment.length > 0 || mix.length === 0) && { augment }), ...(mix.length > 0 && { mix }) }
}

/** Mixing images only makes sense where the whole image is classified, and where the losses can be weighted by label. */
function checkMixing(elaborator: Elaborator, name: string, labels: readonly LabelInput[], span: Span): void {
  const { nodes } = elaborator.builder
  const cannot = (why: string) => elaborator.report(diagnose('cannot-mix', { name, why }, span))
  if (nodes.some(({ operation }) => operations.get(operation)?.semantics?.crop))
    cannot('the model crops a part, and a mixed image has parts of two')
  const [label] = labels
  if (labels.length > 1 || (label && label.kind !== 'Class'))
    cannot(
      `it mixes the labels of a single Class input, and the model has ${labels.map(({ name, kind }) => `${name} (${kind})`).join(', ')}`,
    )
  const other = nodes.find(
    ({ operation, inputs }) =>
      label?.kind === 'Class' &&
      inputs.some(({ value }) => sameValue(value, label.value)) &&
      operations.get(operation)?.semantics?.supportsMixup !== true,
  )
  if (other) cannot(`${other.operation} needs one label for each image`)
}
