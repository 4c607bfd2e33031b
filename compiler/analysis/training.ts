import { elementAt } from '../../grammar/present.js'
import type { Model, Span } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { nearest } from '../diagnostics/suggest.js'
import {
  type ClassSampler,
  type FeatureCache,
  type ImageInput,
  isOfPairs,
  type LabelInput,
  type Setting,
  sameValue,
  type TrainingPlan,
  type ViewInput,
} from '../graph/graph.js'
import { operations } from '../ops/index.js'
import { stepsLine, trainArguments, trainSettings } from '../training/loop.js'
import { settings } from '../training/settings.js'
import { trainingSteps } from '../training/training_steps.js'
import { trainDefaults } from './defaults.js'
import type { Context } from './elaboration.js'
import type { Elaborator } from './elaborator.js'
import { isGroup, parameterGroups } from './groups.js'
import { checkSize } from './image_steps.js'
import type { DeclaredInputs, DeclaredView } from './inputs.js'
import { plainSetting, setting, standardSetting } from './settings.js'
import { stepLosses } from './step_losses.js'

/** The views of a model with their steps: their own, or else those of the image in training, and always a normalisation. */
export function viewSteps(
  elaborator: Elaborator,
  views: readonly DeclaredView[],
  context: Context,
  { image, plan }: { readonly image: ImageInput; readonly plan: TrainingPlan },
): readonly ViewInput[] {
  const normalize = image.steps.filter(({ name }) => name === 'normalize')
  return views.map(({ input, ...view }): ViewInput => {
    const given = input.steps?.flatMap((step) => setting(elaborator, step, context, 'image step') ?? [])
    const steps = given ?? trainingSteps({ image, plan })
    if (given === undefined || given.length === input.steps?.length) checkSize(elaborator, steps, view.size, input.span)
    return { ...view, steps: steps.some(({ name }) => name === 'normalize') ? steps : [...steps, ...normalize] }
  })
}

/** Returns the train block with defaults. */
export function trainingPlan(
  elaborator: Elaborator,
  model: Model,
  context: Context,
  { image, labels, views }: DeclaredInputs,
): TrainingPlan {
  const known = [...trainArguments.map(({ name }) => name), stepsLine.name, ...Object.keys(trainSettings)]
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
  const stepsBinding = find(stepsLine.name)
  const lossNames = model.losses.map(({ name }) => name.text)
  const steps = stepsBinding && stepLosses(elaborator, stepsBinding, lossNames)
  const sampler = classSampler(elaborator, chosen('sampler'), labels, find('sampler')?.value.span ?? model.name.span)
  const cache = featureCache(chosen('cache'))
  const batch = sampler ? sampler.classes * sampler.images : Number(plain.get('batch'))
  const givenBatch = find('batch')
  if (sampler && givenBatch && plain.get('batch') !== batch)
    elaborator.report(
      diagnose('sampler-batch', { batch: Number(plain.get('batch')), ...sampler }, givenBatch.value.span),
    )
  const weights = find('class_weights')
  const [label] = labels
  if (plain.get('class_weights') === 'balanced' && (labels.length > 1 || label?.kind !== 'Class'))
    elaborator.report(
      diagnose('cannot-balance', { labels: labels.map(({ name }) => name) }, weights?.value.span ?? model.name.span),
    )
  const { augment, mix = [] } = augmentation(elaborator, model, context, { image, labels, views })
  const excluded = Number(plain.get('accumulate')) > 1 ? 'accumulate' : mix[0]?.name
  if (steps && excluded !== undefined) {
    const what = `several optimizer steps on one batch cannot be combined with \`${excluded}\``
    elaborator.report(diagnose('wrong-steps', { what }, stepsBinding.value.span))
  }
  return {
    epochs: Number(plain.get('epochs')),
    batch,
    optimizer: chosen('optimizer') ?? standardSetting(elaborator, trainSettings.optimizer.standard),
    schedule: chosen('schedule') ?? standardSetting(elaborator, trainSettings.schedule.standard),
    groups: parameterGroups(elaborator, lastOfEach(groups), context),
    accumulate: Number(plain.get('accumulate')),
    clip: Number(plain.get('clip')),
    classWeights: plain.get('class_weights') === 'balanced' ? 'balanced' : 'none',
    patience: Number(plain.get('patience')),
    ...(steps && { steps }),
    ...(average && { average }),
    ...(sampler && { sampler }),
    ...(cache && { cache }),
    ...(augment && { augment }),
    ...(mix.length > 0 && { mix }),
  }
}

/** The cache of the train block. Whether there are features to cache is known only from the whole graph. */
function featureCache(chosen: Setting | undefined): FeatureCache | undefined {
  return (
    chosen && {
      views: Number(chosen.arguments.views),
      precision: chosen.arguments.precision === 'half' ? 'half' : 'single',
    }
  )
}

/** Returns the sampler of the train block, if the model has its Class input. */
function classSampler(
  elaborator: Elaborator,
  chosen: Setting | undefined,
  labels: readonly LabelInput[],
  span: Span,
): ClassSampler | undefined {
  if (!chosen) return undefined
  const label = labels.find(({ kind }) => kind === 'Class')
  const [classes, images] = [Number(chosen.arguments.count), Number(chosen.arguments.images)]
  if (label && classes <= label.size) return { classes, images }
  elaborator.report(diagnose('sampler-classes', { classes, label: label?.name, found: label?.size ?? 0 }, span))
  return undefined
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
  { image, labels, views }: DeclaredInputs,
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
    if (ofBatch) checkMixing(elaborator, found.name, { labels, views }, step.span)
    const list = ofBatch ? mix : augment
    list.push(found)
  }
  const whole = augment.length + mix.length === block.steps.length
  if (image && whole && augment.length > 0) checkSize(elaborator, augment, image.height, block.span)
  return { ...((augment.length > 0 || mix.length === 0) && { augment }), ...(mix.length > 0 && { mix }) }
}

/** Mixing images requires a classifier of the whole image, and losses that can be weighted by label. */
function checkMixing(
  elaborator: Elaborator,
  name: string,
  { labels, views }: Pick<DeclaredInputs, 'labels' | 'views'>,
  span: Span,
): void {
  const { nodes } = elaborator.builder
  const cannot = (why: string) => elaborator.report(diagnose('cannot-mix', { name, why }, span))
  if (nodes.some(({ operation }) => operations.get(operation)?.semantics?.crop))
    cannot('the model crops a part, and a mixed image has parts of two')
  if (views.length > 0) cannot(`the view ${elementAt(views, 0).name} would show a single image beside a mixed one`)
  const paired = nodes.find(({ outputs }) => outputs.some(isOfPairs))
  if (paired) {
    cannot(`${paired.operation} compares the images of a batch, and a mixed image has the content of two`)
    return
  }
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
