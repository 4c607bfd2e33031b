import { elementAt } from '../../../grammar/present.js'
import { literal, training } from '../../targets/pytorch/expression.js'
import type { PythonHelper } from '../../targets/pytorch/lowering.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Inference, Typed } from '../call.js'
import type { ArgumentSpec, Documentation, Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import type { Case } from '../support/case.js'
import { wrongRank } from '../support/shapes.js'
import { map, permute, zeros } from '../support/tensor.js'

interface Noise {
  readonly name: string
  readonly documentation: Documentation
  /** The arguments of the distribution; all have defaults. */
  readonly arguments: readonly ArgumentSpec[]
  /** Reports arguments for which there is no distribution. */
  readonly accepts?: (call: Inference) => boolean
  /** The function of the runtime. */
  readonly tfjs: string
  readonly pytorch: PythonHelper
  /** The mean, which replaces the draw in inference. */
  readonly mean: (call: Typed) => number
  /** Draws one number from a stream of uniform numbers in [0, 1). */
  readonly draw: (call: Typed, random: () => number) => number
  readonly parameters: NonNullable<Case['arguments']>
}

/** Returns an operation that draws a tensor of random numbers in the shape of another one. */
export function noise(spec: Noise): Operation {
  const { name, documentation, mean, draw } = spec
  const codes = (call: Typed) => spec.arguments.map((argument) => call.number(argument.name))
  return {
    name,
    documentation: {
      ...documentation,
      details: `${documentation.details} Numbers are drawn in training, anew in each step; in inference the result is the mean everywhere, so that an exported file computes the same each time.`,
    },
    arguments: [tensorArgument('like', 'the tensor that has the shape of the result'), ...spec.arguments],
    typing: {
      infer(call) {
        if (spec.accepts?.(call) === false) return undefined
        const { element, shape } = call.type('like')
        return element === 'float' && shape.length > 0
          ? [call.type('like')]
          : wrongRank(call, 'like', 'a tensor with a batch')
      },
    },
    semantics: { stopsGradient: ['like'], random: true },
    lowering: {
      tfjs: (call) =>
        call.genericRuntime(spec.tfjs, call.input('like'), call.at, ...codes(call).map((value) => source(`${value}`))),
      pytorch: {
        underAutocast: 'float32',
        expression: (call) =>
          call.helper(spec.pytorch, call.input('like'), ...codes(call).map((value) => literal(value)), training),
      },
      onnx(call) {
        const shape = call.add('Shape', [call.input('like')], {}, 'shape')
        return [call.add('Expand', [call.float(mean(call)), shape])]
      },
    },
    reference(call) {
      const { shape } = call.tensor('like')
      if (call.phase !== 'training') return [map(zeros(shape), () => mean(call))]
      const random = call.random()
      // Engines draw in their storage order: channels last.
      const isMap = shape.length === 4
      const stored = isMap ? [0, 2, 3, 1].map((axis) => elementAt(shape, axis)) : shape
      const drawn = map(zeros(stored), () => draw(call, random))
      return [isMap ? permute(drawn, [0, 3, 1, 2]) : drawn]
    },
    cases: [
      {
        name: 'inference',
        inputs: { like: { shape: [2, 3], fill: 'random' } },
        arguments: spec.parameters,
        noGradient: true,
      },
      {
        name: 'training',
        inputs: { like: { shape: [4, 5], fill: 'random' } },
        arguments: spec.parameters,
        phase: 'training',
        noGradient: true,
      },
      {
        name: 'training on maps',
        inputs: { like: { shape: [2, 3, 2, 2], fill: 'random' } },
        phase: 'training',
        noGradient: true,
      },
    ],
  }
}
