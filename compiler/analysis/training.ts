import type { Binding, Expression, Input, Model } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { nearest } from '../diagnostics/suggest.js'
import type { ImageInput, Setting, TrainingPlan } from '../graph/graph.js'
import type { ArgumentSpec } from '../ops/operation.js'
import { type SettingSpec, settingNames, settings } from '../training/settings.js'
import { constantOf, match } from './arguments.js'
import type { Context, Elaborator } from './elaborator.js'
import { describe } from './values.js'

/** A setting with every default written in. */
function withDefaults(spec: SettingSpec): Setting {
  const entries = spec.arguments.flatMap(({ name, default: standard }) =>
    standard === undefined || standard === null ? [] : [[name, standard] as const],
  )
  return { name: spec.name, arguments: Object.fromEntries(entries) }
}

function standard(name: string, given: Setting['arguments'] = {}): Setting {
  const spec = settings.get(name)
  if (!spec) throw new Error(`no setting is called ${name}`)
  return { name, arguments: { ...withDefaults(spec).arguments, ...given } }
}

/** What is done to every picture before the model sees it; without a list, it is stretched to the size and brought to -1 to 1. */
export function imageSteps(elaborator: Elaborator, input: Input, context: Context, size: number): readonly Setting[] {
  if (!input.steps) return [standard('resize', { size }), standard('normalize')]
  const steps = input.steps.flatMap((step) => setting(elaborator, step, context, 'image step') ?? [])
  const complete = steps.some(({ name }) => name === 'normalize') ? steps : [...steps, standard('normalize')]
  checkSize(elaborator, complete, size, input.span)
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
              ? `no step brings the picture to ${size} x ${size}`
              : `the steps end at ${last} x ${last}, but the input is ${size} x ${size}`,
        },
        span,
      ),
    )
}

/** `sgd(rate = 1e-3)` or `cosine`: a setting of the wanted kind, or undefined when it was reported. */
function setting(
  elaborator: Elaborator,
  expression: Expression,
  context: Context,
  kind: SettingSpec['kind'],
): Setting | undefined {
  const callee = expression.kind === 'call' ? expression.callee : expression
  const list = expression.kind === 'call' ? expression.arguments : []
  if (expression.kind === 'missing') return undefined
  const known = settingNames(kind)
  if (callee.kind !== 'name') {
    elaborator.report(
      diagnose(
        'wrong-type',
        { name: `an ${kind}`.replace('an s', 'a s'), expected: `one of ${known.join(', ')}`, found: 'something else' },
        expression.span,
      ),
    )
    return undefined
  }
  const spec = settings.get(callee.text)
  if (!spec || spec.kind !== kind) {
    elaborator.report(
      diagnose(
        'unknown-word',
        { name: callee.text, argument: kind, known, suggestion: nearest(callee.text, known) },
        callee.span,
      ),
    )
    return undefined
  }
  const names = spec.arguments.map(({ name }) => name)
  const { given, ok } = match({ callee: spec.name, names }, undefined, list, expression.span, elaborator.report)
  if (!ok) return undefined
  const result: Record<string, Setting['arguments'][string]> = { ...withDefaults(spec).arguments }
  for (const argument of spec.arguments) {
    const [item] = given.get(argument.name) ?? []
    if (item && 'expression' in item) {
      const word = namedWord(argument, item.expression)
      const value =
        word !== undefined
          ? ({ kind: 'string', value: word } as const)
          : elaborator.evaluate(item.expression, context, elaborator.place(item.expression, context, []))
      const constant = constantOf(argument, { value, span: item.expression.span }, elaborator.report)
      if (constant === undefined) return undefined
      if (typeof constant === 'object' && 'kind' in constant) continue
      result[argument.name] = constant
    } else if (argument.default === undefined) {
      elaborator.report(
        diagnose(
          'missing-argument',
          { callee: spec.name, name: argument.name, meaning: argument.meaning },
          expression.span,
        ),
      )
      return undefined
    }
  }
  return { name: spec.name, arguments: result }
}

/** A name that stands for itself where the argument takes such words. */
function namedWord({ kind }: ArgumentSpec, expression: Expression): string | undefined {
  if (expression.kind !== 'name') return undefined
  const known = kind.is === 'word' || (kind.is === 'colours' && Object.hasOwn(kind.named, expression.text))
  return known ? expression.text : undefined
}

const planSettings = ['epochs', 'batch', 'optimizer', 'schedule'] as const

/** The train block, with a default for everything that it leaves out. */
export function trainingPlan(
  elaborator: Elaborator,
  model: Model,
  context: Context,
  image: ImageInput | undefined,
): TrainingPlan {
  const find = (name: string) => model.training.findLast((binding) => binding.name.text === name)
  for (const { name } of model.training)
    if (!planSettings.some((known) => known === name.text))
      elaborator.report(
        diagnose(
          'unknown-setting',
          { name: name.text, known: [...planSettings, 'augment'], suggestion: nearest(name.text, planSettings) },
          name.span,
        ),
      )
  const chosen = (name: 'optimizer' | 'schedule') => {
    const binding = find(name)
    return binding && setting(elaborator, binding.value, context, name)
  }
  const augment = augmentation(elaborator, model, context, image)
  return {
    epochs: count(elaborator, find('epochs'), context, 10),
    batch: count(elaborator, find('batch'), context, 16),
    optimizer: chosen('optimizer') ?? standard('sgd'),
    schedule: chosen('schedule') ?? standard('constant'),
    ...(augment && { augment }),
  }
}

function augmentation(
  elaborator: Elaborator,
  model: Model,
  context: Context,
  image: ImageInput | undefined,
): readonly Setting[] | undefined {
  const block = model.augmentations.at(-1)
  if (!block) return undefined
  if (image && block.input.text !== image.name) {
    const known = [image.name]
    elaborator.report(
      diagnose(
        'unknown-name',
        { name: block.input.text, known, suggestion: nearest(block.input.text, known), importable: undefined },
        block.input.span,
      ),
    )
    return undefined
  }
  const steps = block.steps.flatMap((step) => setting(elaborator, step, context, 'image step') ?? [])
  if (image && steps.length === block.steps.length) checkSize(elaborator, steps, image.height, block.span)
  return steps
}

function count(elaborator: Elaborator, binding: Binding | undefined, context: Context, standardCount: number): number {
  if (!binding) return standardCount
  const value = elaborator.evaluate(binding.value, context, elaborator.place(binding.value, context, []))
  if (value.kind === 'number' && Number.isSafeInteger(value.value) && value.value > 0) return value.value
  if (value.kind !== 'broken')
    elaborator.report(
      diagnose(
        'wrong-type',
        { name: `\`${binding.name.text}\``, expected: 'a whole number above 0', found: describe(value) },
        binding.value.span,
      ),
    )
  return standardCount
}
