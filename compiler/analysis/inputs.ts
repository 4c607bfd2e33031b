import type { Expression, Input, Model } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { nearest } from '../diagnostics/suggest.js'
import { type ImageInput, type LabelInput, labelKinds, type ViewInput } from '../graph/graph.js'
import { elementsPerImage } from '../ops/support/shapes.js'
import { strangeUnit } from './arguments.js'
import { tensorCapacity } from './capacity.js'
import type { Context } from './elaboration.js'
import type { Elaborator } from './elaborator.js'
import { imageSteps } from './image_steps.js'
import { placeOf } from './naming.js'
import { describe, type TensorValue, type Value } from './values.js'

/** The size of a label input, as messages write it. */
const labelSizes = { Class: 'classes', Labels: 'labels', Value: '1' } as const

/** The inputs of a model as they are declared; the steps of a view are not known before those of training. */
export interface DeclaredInputs {
  readonly image: ImageInput | undefined
  readonly labels: readonly LabelInput[]
  readonly views: readonly DeclaredView[]
}

export interface DeclaredView extends Omit<ViewInput, 'steps'> {
  readonly input: Input
}

/** Declares the inputs of a model: one image, labels, and views of the image. */
export function declareInputs(elaborator: Elaborator, model: Model, context: Context): DeclaredInputs {
  const found: Found = { images: [], labels: [], views: [] }
  for (const input of model.inputs) declareInput(elaborator, input, context, found)
  const { images, labels, views } = found
  const [image, anotherImage] = images
  // An input that could not be declared has been reported.
  const undeclared = model.inputs.length > images.length + labels.length + views.length
  if (anotherImage || (!image && !undeclared))
    elaborator.report(diagnose('wrong-input', { what: 'a model has one Image input' }, model.name.span))
  return { image, labels, views }
}

interface Found {
  readonly images: ImageInput[]
  readonly labels: LabelInput[]
  readonly views: DeclaredView[]
}

function declareInput(elaborator: Elaborator, input: Input, context: Context, { images, labels, views }: Found): void {
  const sizes = input.dimensions.map((dimension) => wholeNumber(elaborator, dimension, context))
  const whole = sizes.flatMap((size) => size ?? [])
  const define = (value: Value) => {
    elaborator.facts?.named(input.name, { value, first: 0, end: 0 })
    if (!context.scope.define(input.name.text, value))
      elaborator.report(diagnose('duplicate-name', { name: input.name.text }, input.name.span))
  }
  if (whole.length !== sizes.length) {
    define({ kind: 'error' })
    return
  }
  const wrong = (what: string) => {
    elaborator.report(diagnose('wrong-input', { what }, input.span))
    define({ kind: 'error' })
  }
  const add = (type: TensorValue['type']) => {
    const path = [input.name.text]
    const node = elaborator.builder.add(
      { operation: 'input', path, inputs: [], attributes: {}, parameters: {}, outputs: [type], span: input.span },
      context.frame,
    )
    const value = elaborator.builder.value(node)
    define({ kind: 'tensor', ref: value, type, span: input.span })
    return value
  }
  const batch = { name: 'batch', size: undefined }
  const pictured = input.type.text
  if (pictured === 'Image' || pictured === 'View') {
    const [channels, height, width] = whole
    if (whole.length !== 3 || channels !== 3 || height === undefined || height !== width) {
      const article = pictured === 'Image' ? 'an' : 'a'
      wrong(`${article} ${pictured} input is ${pictured}[3, size, size]: three channels, a square`)
      return
    }
    const shape = [
      batch,
      { name: 'channels', size: channels },
      { name: 'height', size: height },
      { name: 'width', size: width },
    ]
    const type = { element: 'float', shape } as const
    const tooLarge = tensorCapacity('the image', elementsPerImage(type), input.span)
    if (tooLarge) {
      elaborator.report(tooLarge)
      define({ kind: 'error' })
      return
    }
    const value = add(type)
    if (pictured === 'View') {
      views.push({ name: input.name.text, value, size: height, input })
      return
    }
    images.push({
      name: input.name.text,
      value,
      channels,
      height,
      width,
      steps: imageSteps(elaborator, input, context, height),
    })
    return
  }
  const kind = labelKinds.find((one) => one === input.type.text)
  if (kind) {
    const [size] = whole
    if (whole.length !== 1 || size === undefined) {
      wrong(`a ${kind} input has one number: ${kind}[${labelSizes[kind]}]`)
      return
    }
    const type: TensorValue['type'] =
      kind === 'Class'
        ? { element: 'label', shape: [batch], classes: size }
        : { element: 'float', shape: [batch, { name: 'features', size }] }
    labels.push({ name: input.name.text, value: add(type), kind, size })
  } else {
    const known = ['Image', 'View', ...labelKinds]
    elaborator.report(
      diagnose(
        'unknown-input-type',
        { name: input.type.text, known, suggestion: nearest(input.type.text, known) },
        input.type.span,
      ),
    )
    define({ kind: 'error' })
  }
}

function wholeNumber(elaborator: Elaborator, expression: Expression, context: Context): number | undefined {
  const value = elaborator.evaluate(expression, context, placeOf(expression, [], context.scope))
  const whole = value.kind === 'number' && Number.isSafeInteger(value.value) && value.value > 0
  if (whole && !strangeUnit(value)) return value.value
  if (value.kind !== 'error')
    elaborator.report(
      diagnose(
        'wrong-type',
        { name: 'a size', expected: 'a whole number above 0', found: describe(value) },
        expression.span,
      ),
    )
  return undefined
}
