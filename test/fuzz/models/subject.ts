import { namedAnswers } from '../../../compiler/graph/answers.js'
import type { Graph, LabelInput, Phase, ValueRef } from '../../../compiler/graph/graph.js'
import { specialise } from '../../../compiler/graph/phase.js'
import { elements, type Tensor, tensor } from '../../../compiler/ops/support/tensor.js'
import { keyOf, Random } from '../../../compiler/random.js'
import { initialValues } from '../../../runtime/weights/initial_values.js'
import { type Bound, boundOf, singleRounding } from './bounds.js'
import { evaluateGraph, type ReferenceInputs, type ReferenceResult, type Tensors } from './reference.js'

const roundedEvaluations = 3

/** The reference results of one model, and the tolerance of each. */
export interface Subject {
  readonly graph: Graph
  readonly inference: Graph
  readonly training: Graph
  readonly inputs: ReferenceInputs
  readonly predicted: ReferenceResult
  readonly trained: ReferenceResult
  readonly answers: Tensors
  readonly answerBounds: ReadonlyMap<string, Bound>
  readonly losses: Tensors
  readonly lossBounds: ReadonlyMap<string, Bound>
}

/** Evaluates the reference, exactly and with simulated rounding. */
export function subjectOf(graph: Graph, seed: number): Subject {
  const [inference, training] = [specialise(graph, 'inference'), specialise(graph, 'training')]
  const inputs = inputsOf(graph, seed)
  const random = new Random(keyOf('rounding', seed))
  const predicted = evaluateGraph(inference, 'inference', inputs)
  const trained = evaluateGraph(training, 'training', inputs)
  const answers = answersOf(inference, predicted)
  const answerRoundings = roundedAnswers(inference, inputs, singleRounding, random)
  const losses = lossesOf(training, trained)
  const lossRoundings = roundedResults(training, 'training', inputs, singleRounding, random).map((result) =>
    lossesOf(training, result),
  )
  return {
    graph,
    inference,
    training,
    inputs,
    predicted,
    trained,
    answers,
    answerBounds: boundsOf(answers, answerRoundings),
    losses,
    lossBounds: boundsOf(losses, lossRoundings),
  }
}

/** Evaluates with every operand rounded. */
function roundedResults(
  graph: Graph,
  phase: Phase,
  inputs: ReferenceInputs,
  size: number,
  random: Random,
): readonly ReferenceResult[] {
  return Array.from({ length: roundedEvaluations }, () =>
    evaluateGraph(graph, phase, inputs, { rounding: { random, size } }),
  )
}

export function roundedAnswers(
  graph: Graph,
  inputs: ReferenceInputs,
  size: number,
  random: Random,
): readonly Tensors[] {
  return roundedResults(graph, 'inference', inputs, size, random).map((result) => answersOf(graph, result))
}

export function boundsOf(base: Tensors, rounded: readonly Tensors[]): ReadonlyMap<string, Bound> {
  return new Map(
    [...base].map(([name, value]) => {
      const others = rounded.flatMap((one) => one.get(name) ?? [])
      return [name, boundOf(value, others)] as const
    }),
  )
}

function otherLabel({ name, kind, size }: LabelInput, batch: number, seed: number): Tensor {
  const random = new Random(keyOf('label', name, seed))
  const value = () =>
    kind === 'Value' ? Math.fround(random.uniform(-2, 2)) : random.integer(kind === 'Class' ? size : 2)
  const shape = kind === 'Class' ? [batch] : [batch, size]
  return tensor(shape, Array.from({ length: elements(shape) }, value))
}

function inputsOf({ image, label, labels, parameters, plan }: Graph, seed: number): ReferenceInputs {
  const random = new Random(keyOf('inputs', seed))
  const { batch } = plan
  const shape = [batch, image.channels, image.height, image.width]
  return {
    key: [seed, 'step', 0],
    image: tensor(
      shape,
      Array.from({ length: elements(shape) }, () => Math.fround(random.uniform(-1, 1))),
    ),
    label: tensor(
      [batch],
      Array.from({ length: batch }, () => random.integer(label?.size ?? 1)),
    ),
    others: new Map(
      labels.filter(({ name }) => name !== label?.name).map((one) => [one.name, otherLabel(one, batch, seed)]),
    ),
    parameters: new Map(
      [...parameters.values()].map((parameter) => {
        const initial = initialValues(parameter, seed)
        // Initial constants such as 0 and 1 would hide errors, so values are random. A variance stays positive.
        const values = Array.from(initial, (value) =>
          Math.fround(parameter.initializer.kind === 'constant' ? value + random.uniform(0.1, 0.6) : value),
        )
        return [parameter.name, tensor(parameter.shape, values)]
      }),
    ),
  }
}

function at({ values }: ReferenceResult, { node, output }: ValueRef): Tensor {
  const value = values.get(node)?.[output]
  if (!value) throw new Error(`node ${node} was not evaluated`)
  return value
}

export function answersOf(graph: Graph, result: ReferenceResult): Tensors {
  return new Map(namedAnswers(graph).map(({ name, value }) => [name, at(result, value)]))
}

/** Losses, and what a step moves without a gradient. */
export function lossesOf(graph: Graph, result: ReferenceResult): Tensors {
  return new Map([...graph.losses.map(({ name, value }) => [name, at(result, value)] as const), ...result.updates])
}
