import type { InferenceSession } from 'onnxruntime-node'
import * as z from 'zod'
import type { Graph } from '../../compiler/graph/graph.js'
import { type Selection, selectionOf, selectsOf } from '../../compiler/graph/skipping.js'
import { type OnnxProgram, withSetting } from '../../compiler/targets/onnx/program.js'
import { withBothPredictions, withSkipping } from '../../compiler/targets/onnx/skip_second.js'
import { elementAt, present } from '../../grammar/present.js'
import type { Sample } from '../data/dataset.js'
import { decodeSample } from '../data/sample_image.js'
import { Failure } from '../failure.js'
import { argMax } from '../inference/answer.js'
import type { Reporter } from '../reporter.js'
import { type Feed, ProgramSession } from './program_session.js'
import { timeInTurns } from './timing.js'

/** The search for a cascade's threshold. */
export interface CascadeTrial {
  readonly val: readonly Sample[]
  /** The largest loss of top-1 on val that is accepted, as a share. */
  readonly maxDrop: number
  readonly reporter: Reporter
}

/** The threshold of an exported file and its measured effect on val; shares are between 0 and 1. It is stored in the file's metadata. */
export const tunedCascade = z.object({
  prediction: z.string(),
  sure: z.number(),
  images: z.number().int().positive(),
  /** The share of images that keep the first prediction. */
  early: z.number(),
  top1: z.number(),
  /** Top-1 of the second prediction for every image. */
  top1Both: z.number(),
  /** Mean time for one image on this machine, over some images of val, alternating between both. */
  milliseconds: z.number(),
  millisecondsBoth: z.number(),
})
export type TunedCascade = z.infer<typeof tunedCascade>

/** Both predictions of one image. */
export interface Judged {
  /** The largest probability of the first one. */
  readonly confidence: number
  readonly firstRight: boolean
  readonly secondRight: boolean
}

/**
 * Returns the smallest threshold that loses at most `maxDrop` of top-1 against the second prediction of every image, with the share of images that
 * keep the first one and the top-1; undefined if there is none. It is midway between two confidences, so that rounding does not change any decision.
 */
export function smallestThreshold(
  judged: readonly Judged[],
  maxDrop: number,
): { readonly sure: number; readonly early: number; readonly top1: number } | undefined {
  const sorted = judged.toSorted((a, b) => b.confidence - a.confidence)
  const both = judged.filter(({ secondRight }) => secondRight).length
  const count = judged.length
  let right = both
  let best: { sure: number; early: number; top1: number } | undefined
  for (const [index, { confidence, firstRight, secondRight }] of sorted.entries()) {
    right += Number(firstRight) - Number(secondRight)
    const next = sorted[index + 1]?.confidence
    // Equally confident images are on the same side of the threshold.
    if (next === confidence || right < both - maxDrop * count - 1e-9) continue
    const middle = next === undefined ? confidence : Math.fround((confidence + next) / 2)
    const sure = next !== undefined && middle <= next ? confidence : middle
    best = { sure, early: (index + 1) / count, top1: right / count }
  }
  return best
}

/**
 * Finds the threshold on the validation images and measures what it saves.
 *
 * @throws Failure `no-cascade` for a model without one, `cascade-saves-nothing`, `image-unreadable`
 */
export async function tuneCascade(
  program: OnnxProgram,
  graph: Graph,
  trial: CascadeTrial & Feed,
): Promise<{ readonly program: OnnxProgram; readonly tuned: TunedCascade }> {
  const { prediction, selection } = tunable(graph)
  const judged = await judge(program, selection, trial)
  const found = smallestThreshold(judged, trial.maxDrop)
  if (!found)
    throw new Failure({
      code: 'cascade-saves-nothing',
      message: `on ${judged.length} images of val no threshold keeps a first prediction and loses at most ${points(trial.maxDrop)}: no file was written`,
      help: 'allow more with --cascade, or export without it',
    })
  const { threshold } = present(selectsOf(selection.node), 'how a selection selects')
  const changed = withSetting(program, selection.node.id, threshold, found.sure)
  const [milliseconds, millisecondsBoth] = await timeInTurns(
    [withSkipping(changed, graph), program],
    trial.val,
    trial,
    trial.reporter,
  )
  const top1Both = judged.filter(({ secondRight }) => secondRight).length / judged.length
  return {
    program: changed,
    tuned: { prediction, ...found, images: judged.length, top1Both, milliseconds, millisecondsBoth },
  }
}

/** Returns the prediction of classes that is a cascade. */
function tunable(graph: Graph): { readonly prediction: string; readonly selection: Selection } {
  for (const prediction of graph.predictions) {
    const selection = prediction.meaning.kind === 'classes' ? selectionOf(graph, prediction) : undefined
    if (selection) return { prediction: prediction.name, selection }
  }
  const [first = 'FIRST', second = 'SECOND'] = graph.logits.map(({ name }) => name)
  throw new Failure({
    code: 'no-cascade',
    message: `${graph.name} predicts no classes by a cascade, so that there is no threshold to tune`,
    help: `write which prediction comes first: predict probabilities = cascade(softmax(${first}.logits), mean(softmax(${first}.logits), softmax(${second}.logits)))`,
  })
}

async function judge(
  program: OnnxProgram,
  selection: Selection,
  trial: CascadeTrial & Feed,
): Promise<readonly Judged[]> {
  const { program: both, names } = withBothPredictions(program, selection)
  const session = await ProgramSession.open(both, trial)
  const judged: Judged[] = []
  try {
    for (const [index, sample] of trial.val.entries()) {
      const outputs = await session.run(await decodeSample(sample))
      const [first, second] = names.map((name) => floats(outputs[name])) as [Float32Array, Float32Array]
      judged.push({
        confidence: elementAt(first, argMax(first)),
        firstRight: argMax(first) === sample.label,
        secondRight: argMax(second) === sample.label,
      })
      trial.reporter.progress(`both predictions of ${index + 1} of ${trial.val.length} images`)
    }
  } finally {
    await session.close()
  }
  return judged
}

function floats(value: InferenceSession.OnnxValueMapType[string] | undefined): Float32Array {
  if (value?.data instanceof Float32Array) return value.data
  throw new Error('a prediction is no row of numbers')
}

/** `0.1 points` */
export function points(share: number): string {
  return `${Number((share * 100).toFixed(3))} points`
}
