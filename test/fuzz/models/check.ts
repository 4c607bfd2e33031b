import { compile } from '../../../compiler/compile.js'
import type { Graph } from '../../../compiler/graph/graph.js'
import { withoutLosses } from '../../../compiler/graph/phase.js'
import { inImage, viewOf } from '../../../compiler/graph/view.js'
import { keyOf, Random } from '../../../compiler/random.js'
import { type EngineName, openEngine } from '../../../runtime/engines/index.js'
import { isBoxOutput } from '../../../runtime/inference/answer.js'
import type { Model } from '../../../runtime/model.js'
import { silent } from '../../../runtime/reporter.js'
import { diskLibrary } from '../../../runtime/specs/library.js'
import { allowed, type Bound, firstDifference, halfRounding, roundingOfOne, singleRounding } from './bounds.js'
import { type Outcome, runOnEngine } from './engine.js'
import { exportProblem } from './exported.js'
import { type Executor, type First, gradientProblem } from './gradients.js'
import { lawProblem } from './laws.js'
import { evaluateModel } from './load.js'
import { randomVariant, runOnImages, runOnnx, textOf, toleranceOf } from './onnx.js'
import type { Backend, PytorchExecutor } from './pytorch.js'
import type { ReferenceResult, Tensors } from './reference.js'
import { resumeProblem } from './resumed.js'
import { boundsOf, roundedAnswers, type Subject, subjectOf } from './subject.js'

/** A disagreement between two computations of one model, or an error. */
export interface Finding {
  /** The disagreement, the same text for a spec and for its minimised forms. */
  readonly kind: string
  readonly detail: string
}

export interface Checked {
  readonly compiled: boolean
  readonly findings: readonly Finding[]
}

/** The engines that run a model in addition to the reference and ONNX Runtime. */
export interface Executors {
  readonly engines: readonly EngineName[]
  readonly pytorch?: PytorchExecutor
}

/** One model in this many is also compiled by torch, which takes seconds. */
const perCompiled = 25
/** One model in this many is exported, imported and exported again, and one is saved and resumed in training: both write files. */
const perExportedAgain = 4
const perResumed = 4

/** Compiles a spec and compares every executor with the reference. Errors of a model are findings. */
export async function checkText(text: string, seed: number, { engines, pytorch }: Executors): Promise<Checked> {
  const findings: Finding[] = []
  const attempt = async (kind: string, run: () => Promise<string | undefined> | string | undefined) => {
    try {
      const detail = await run()
      if (detail !== undefined) findings.push({ kind, detail })
    } catch (error) {
      findings.push({ kind: `${kind} throws`, detail: error instanceof Error ? error.message : String(error) })
    }
  }
  let graph: Graph | undefined
  await attempt('compile', () => {
    graph = compile({ source: 'fuzz.wsban', text }, diskLibrary()).graph
    return undefined
  })
  if (!graph) return { compiled: false, findings }
  const whole = graph
  let subject: Subject | undefined
  await attempt('reference', () => {
    subject = subjectOf(whole, seed)
    return undefined
  })
  if (!subject) return { compiled: true, findings }
  const known = subject
  await attempt('law', () => lawProblem(text, known))
  let earliest: First | undefined
  if (seed % perExportedAgain === 0) await attempt('export', () => exportProblem(text, known))
  let models: readonly [Model, Model] | undefined
  await attempt('generated code', () => {
    models = [evaluateModel(withoutLosses(whole)), evaluateModel(whole)]
    return undefined
  })
  if (!models) return { compiled: true, findings }
  const generated = models
  // Random streams are numbered in the order of the generated code, which is unique with a single stream.
  const sameDraws = known.trained.drawing <= 1
  const compare = async (name: string, run: Executor, expected: Expected) => {
    const outcome = await run(known.inputs)
    const first = expected.asFirst ? earliest : undefined
    earliest ??= { name, outcome, run }
    const problem = outcomeProblem(outcome, known, expected)
    if (problem !== undefined) return problem
    return gradientProblem({ outcome, run, subject: known, comparable: expected.sameDraws, first })
  }
  for (const engine of engines)
    await attempt(engine, async () => {
      await openEngine(engine, silent)
      const expected = { answers: asOnEngines(known), sameDraws, asFirst: true }
      return compare(engine, (inputs) => runOnEngine(...generated, inputs), expected)
    })
  if (seed % perResumed === 0 && engines.length > 0)
    await attempt('resume', () => resumeProblem(generated[1], known.inputs, seed))
  if (pytorch) {
    // torch draws other numbers.
    const drawsNothing = known.trained.drawing === 0
    const expected = { answers: known.answers, sameDraws: drawsNothing, asFirst: drawsNothing }
    const backends: Backend[] = seed % perCompiled === 0 ? [null, 'aot_eager'] : [null]
    for (const backend of backends)
      await attempt(backend === null ? 'pytorch' : `pytorch ${backend}`, () =>
        compare(`PyTorch (${backend})`, (inputs) => pytorch.run(whole, inputs, backend), expected),
      )
  }
  const random = new Random(keyOf('variant', seed))
  for (const half of [false, true]) {
    const variant = randomVariant(random, half)
    const kind = half ? 'onnx fp16' : 'onnx'
    await attempt(kind, async () => {
      const found = await runOnnx(known.inference, known.inputs, variant)
      await runOnImages(known.inference, known.inputs, variant)
      const problem = onnxProblem(found, known, half, toleranceOf(variant))
      return problem && `${problem} with ${textOf(variant)}`
    })
  }
  return { compiled: true, findings }
}

/** The expected results of an executor. */
interface Expected {
  readonly answers: Tensors
  /** Whether a training step draws the numbers that the reference drew, if any. */
  readonly sameDraws: boolean
  /** Whether it draws the numbers that the first executor drew. */
  readonly asFirst: boolean
}

/** The reference's answers; boxes are those of the whole image on an engine. */
function asOnEngines({ graph, answers }: Subject): Tensors {
  const view = viewOf(graph.image.steps)
  if (view.share === 1) return answers
  return new Map(
    [...answers].map(([name, value]) =>
      isBoxOutput(name) ? [name, { ...value, data: value.data.map((place) => inImage(place, view)) }] : [name, value],
    ),
  )
}

/** An executor's answers, losses and statistics against the reference's. */
function outcomeProblem(
  { answers, losses, updates }: Outcome,
  subject: Subject,
  expected: Expected,
): string | undefined {
  const answersApart = firstDifference(answers, expected.answers, (name) =>
    allowed(known(subject.answerBounds, name), singleRounding),
  )
  if (answersApart !== undefined || !expected.sameDraws) return answersApart
  return firstDifference(
    new Map([...losses, ...updates]),
    subject.losses,
    (name) => allowed(known(subject.lossBounds, name), singleRounding) + roundingOfOne,
  )
}

function onnxProblem(found: Tensors, subject: Subject, half: boolean, passTolerance: number): string | undefined {
  if (half) return halfProblem(found, subject)
  return firstDifference(found, subject.answers, (name) => {
    const bound = known(subject.answerBounds, name)
    return allowed(bound, singleRounding) + passTolerance * bound.largest
  })
}

function halfProblem(found: Tensors, subject: Subject): string | undefined {
  // Values beyond the range of half precision become infinite.
  if (largestValue(subject.predicted) > 1e4) return undefined
  const scale = halfRounding / singleRounding
  const apart = (spreadOf: (name: string) => number) =>
    firstDifference(found, subject.answers, (name) => {
      const bound = known(subject.answerBounds, name)
      return allowed({ ...bound, spread: Math.max(bound.spread * scale, spreadOf(name)) }, halfRounding)
    })
  if (apart(() => 0) === undefined) return undefined
  // A box follows from comparisons, which turn over or do not: a rounding of single precision says nothing of one of half precision.
  const rounded = roundedAnswers(subject.inference, subject.inputs, halfRounding, new Random(keyOf('half', 0)))
  const bounds = boundsOf(subject.answers, rounded)
  return apart((name) => known(bounds, name).spread)
}

function largestValue({ values }: ReferenceResult): number {
  let largest = 0
  for (const tensors of values.values())
    for (const { data } of tensors) for (const value of data) largest = Math.max(largest, Math.abs(value))
  return largest
}

function known(bounds: ReadonlyMap<string, Bound>, name: string): Bound {
  const bound = bounds.get(name)
  if (!bound) throw new Error(`no bound for ${name}`)
  return bound
}
