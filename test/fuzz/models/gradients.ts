import type { Graph } from '../../../compiler/graph/graph.js'
import type { Tensor } from '../../../compiler/ops/support/tensor.js'
import { Random } from '../../../compiler/random.js'
import { present } from '../../../grammar/present.js'
import { firstDifference, roundingOfOne, singleRounding } from './bounds.js'
import type { Outcome } from './engine.js'
import { evaluateGraph, largestSingle, type ReferenceInputs, type Tensors } from './reference.js'
import type { Subject } from './subject.js'

/** The steps of the difference quotients: if both quotients disagree, the loss has a kink there, or is too steep. */
const steps = [1e-5, 1e-6] as const
const agreement = 1e-4
/** Relative to the sum of the magnitudes of all terms. */
const tolerance = 3e-4
/** Relative to the loss, in double precision: a smaller change is lost in the difference of two losses. */
const lost = 2 ** -50
/** A multiple of the change of a gradient between inputs that differ by a few roundings. */
const spreads = 10
/** A multiple of the change of a difference quotient when every operand is rounded. */
const roundedSpreads = 40
const ownShare = 3e-5

/** Computes the model of a subject for given inputs. */
export type Executor = (inputs: ReferenceInputs) => Promise<Outcome>

/** The executor that ran first. */
export interface First {
  readonly name: string
  readonly outcome: Outcome
  readonly run: Executor
}

export interface GradientCheck {
  readonly outcome: Outcome
  /** Computes the outcome; runs again on nearby inputs to derive a bound. */
  readonly run: Executor
  readonly subject: Subject
  /** Whether the step used the same random numbers as the reference, if any. */
  readonly comparable: boolean
  /** The executor that ran first, and its result, if both used the same random numbers. */
  readonly first: First | undefined
}

/**
 * Compares a step's gradients with difference quotients of the reference, in a random direction for each parameter, and element by element with those
 * of an earlier executor. @returns the difference
 */
export async function gradientProblem(check: GradientCheck): Promise<string | undefined> {
  const { outcome, run, subject, comparable } = check
  if (comparable && quotientProblem(outcome, subject, undefined) !== undefined) {
    const problem = quotientProblem(outcome, subject, await moved(outcome, subject.inputs, run))
    if (problem !== undefined) return problem
  }
  return firstProblem(check)
}

/**
 * @param bounds how far each number of a gradient may be off beside, where normalisation leaves little of large terms. With them the quotients'
 * own conditioning counts, too; it takes more evaluations.
 */
function quotientProblem(
  { gradients }: Outcome,
  subject: Subject,
  bounds: ReadonlyMap<string, number> | undefined,
): string | undefined {
  const share = tolerance + confidentShare(subject)
  const cancelled = (lost * lossSize(subject)) / steps[0]
  for (const { name, trainable } of subject.training.parameters.values()) {
    const gradient = gradients.get(name)
    const direction = trainable ? directionFor(subject, name) : undefined
    if (!direction) continue
    const [coarse, fine] = steps.map((step) => quotient(subject, name, direction, step))
    if (coarse === undefined || fine === undefined || !Number.isFinite(coarse) || !Number.isFinite(fine)) continue
    if (Math.abs(coarse) > largestSingle) continue
    let [sum, size, slack] = [0, 0, 0]
    for (const [i, slope] of direction.entries()) {
      sum += (gradient?.data[i] ?? 0) * slope
      size += Math.abs((gradient?.data[i] ?? 0) * slope)
      slack += (bounds?.get(name) ?? 0) * Math.abs(slope)
    }
    const scale = Math.max(size, Math.abs(fine))
    if (Math.abs(coarse - fine) > agreement * scale + 1e-7) continue
    const away = Math.abs(sum - coarse)
    if (away <= share * scale + slack + cancelled + 1e-6) continue
    const spread = bounds ? roundedSpread(subject, name, direction, coarse) : 0
    // A loss that rounding turns into NaN or infinity is not compared.
    if (!Number.isFinite(spread) || away <= roundedSpreads * spread) continue
    return `the gradient of ${name} is ${sum} in a direction in which the loss rises by ${coarse}`
  }
  return undefined
}

/** How far a difference quotient moves when every number that an operation reads is rounded, on both sides in the same way. */
function roundedSpread(subject: Subject, name: string, direction: Float64Array, exact: number): number {
  const [step] = steps
  const away = [1, 2, 3].map((seed) =>
    Math.abs(quotient(subject, name, direction, step, () => new Random(seed)) - exact),
  )
  return Math.max(...away)
}

function directionFor({ inputs }: Subject, name: string): Float64Array | undefined {
  const value = inputs.parameters.get(name)
  const random = new Random(name.length + (value?.data.length ?? 0))
  return value?.data.map(() => random.uniform(-1, 1))
}

/**
 * The slope of the total loss along a direction of one parameter, by central differences.
 *
 * @param rounding makes the random numbers by which both evaluations are rounded
 */
function quotient(
  subject: Subject,
  name: string,
  direction: Float64Array,
  step: number,
  rounding?: () => Random,
): number {
  const { training, inputs, trained } = subject
  const lossAt = (by: number) => {
    const own = inputs.parameters.get(name)
    if (!own) throw new Error(`no parameter ${name}`)
    const moved: Tensor = { shape: own.shape, data: own.data.map((value, i) => value + by * (direction[i] ?? 0)) }
    const parameters = new Map([...inputs.parameters, [name, moved]])
    const options = { stopped: trained, ...(rounding && { rounding: { random: rounding(), size: singleRounding } }) }
    return totalLoss(training, evaluateGraph(training, 'training', { ...inputs, parameters }, options))
  }
  return (lossAt(step) - lossAt(-step)) / (2 * step)
}

/**
 * How much of a gradient rounding takes where a softmax is confident: its probabilities keep a rounding of one, and the gradient is as small as
 * the loss.
 */
function confidentShare({ training, losses }: Subject): number {
  // The subject's losses hold the statistics after the step as well.
  const values = training.losses.flatMap(({ name }) => [...present(losses.get(name), name).data])
  return roundingOfOne / Math.min(...values.filter((loss) => loss > 0))
}

/** The sum of the sizes of all losses. */
function lossSize({ training, losses }: Subject): number {
  const values = training.losses.flatMap(({ name }) => [...present(losses.get(name), name).data])
  return values.reduce((sum, loss) => sum + Math.abs(loss), 0)
}

function totalLoss(graph: Graph, { values }: ReturnType<typeof evaluateGraph>): number {
  return graph.losses.reduce((sum, { value }) => sum + (values.get(value.node)?.[value.output]?.data[0] ?? 0), 0)
}

async function firstProblem({ outcome, run, subject, first }: GradientCheck): Promise<string | undefined> {
  if (!first) return undefined
  const share = ownShare + confidentShare(subject)
  const apart = (...bounds: readonly ReadonlyMap<string, number>[]) =>
    firstDifference(outcome.gradients, first.outcome.gradients, (key, base) =>
      bounds.reduce((sum, bound) => sum + (bound.get(key) ?? 0), share * largest(base) + roundingOfOne),
    )
  if (apart() === undefined) return undefined
  // Each has its own rounding: one may compute in double precision and the other in single.
  const problem = apart(
    await moved(outcome, subject.inputs, run),
    await moved(first.outcome, subject.inputs, first.run),
  )
  return problem && `gradient ${problem}, as on ${first.name}`
}

/** How far inputs a few roundings away move each gradient. */
async function moved(outcome: Outcome, inputs: ReferenceInputs, run: Executor): Promise<ReadonlyMap<string, number>> {
  const bounds = new Map<string, number>()
  for (const seed of [1, 2]) {
    const { gradients } = await run(nudged(inputs, new Random(seed)))
    for (const [name, base] of outcome.gradients) {
      const spread = base.data.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - (gradients.get(name)?.data[i] ?? value))),
        0,
      )
      bounds.set(name, Math.max(bounds.get(name) ?? 0, spreads * spread))
    }
  }
  return bounds
}

function nudged(inputs: ReferenceInputs, random: Random): ReferenceInputs {
  const nudge = ({ shape, data }: Tensor): Tensor => ({
    shape,
    data: data.map((value) => Math.fround(value * (1 + 2 ** -21 * random.uniform(-1, 1)))),
  })
  const parameters: Tensors = new Map([...inputs.parameters].map(([name, value]) => [name, nudge(value)]))
  return { ...inputs, image: nudge(inputs.image), parameters }
}

function largest({ data }: Tensor): number {
  return data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}
