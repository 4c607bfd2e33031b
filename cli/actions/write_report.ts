import { basename, dirname, join, relative, sep } from 'node:path'
import { z } from 'zod'
import { elementAt } from '../../grammar/present.js'
import type { DataSet } from '../../runtime/data/dataset.js'
import { openDataSet } from '../../runtime/data/open.js'
import { decodeSample } from '../../runtime/data/sample_image.js'
import type { EngineName } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { kindOf, writeAtomically } from '../../runtime/files.js'
import { cropImage, drawOverlay } from '../../runtime/images/overlay.js'
import type { RgbImage } from '../../runtime/images/rgb_image.js'
import { loadSharp } from '../../runtime/images/sharp.js'
import { type Answer, argMax } from '../../runtime/inference/answer.js'
import { EvaluationCounter } from '../../runtime/inference/evaluate.js'
import { doubtfulLabels } from '../../runtime/inference/label_doubt.js'
import { intersectionOverUnion } from '../../runtime/inference/localisation.js'
import { openPredictor } from '../../runtime/inference/open.js'
import { pairedDifference } from '../../runtime/inference/paired.js'
import type { BranchDifference, EpochRecord, Guess, ReportData, ShownImage } from '../../runtime/report/data.js'
import { renderReport } from '../../runtime/report/html.js'
import { dataOf } from '../../runtime/runs/find.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { shellWord } from '../../runtime/shell_word.js'
import { entryText } from '../../runtime/specs/stored.js'
import { WrittenFiles } from '../../runtime/written_files.js'
import type { Io } from '../io.js'
import { type Answered, answersTo } from './answers.js'
import { doubtFile } from './doubt_labels.js'
import { runInUse } from './run_in_use.js'
import { specHost } from './spec.js'

/** In the run's folder, unless another place is named. */
export const reportFile = 'report.html'

/** Images shown, and the side of each in pixels: a report stays small enough to send. */
const shownExamples = 9
const shownMistakes = 6
const shownDoubtful = 10
const thumbnail = 200

export interface ReportRequest {
  readonly out?: string
  readonly data?: string
  readonly engine?: EngineName
}

/** Writes a run's report. Where its images are gone, what the log holds is still shown. */
export async function writeReport(given: string | undefined, request: ReportRequest, io: Io): Promise<number> {
  const source = await runInUse(given, io)
  const run = await RunFolder.open(source)
  const { info } = run
  const lines = await run.log.read()
  const folder = request.data ?? dataOf(run)
  const data = await openData(folder, info)
  const found = data && (await look(source, data, request.engine, io))
  const best = await run.metrics()
  const calibration = await run.calibration()
  const report: ReportData = {
    title: `${info.model}: ${info.classes.length} classes`,
    subtitle: `${info.epochs} epochs on ${basename(info.data)}, seed ${info.seed}`,
    epochs: lines.flatMap(epochOf),
    steps: lines.flatMap((line) => stepLine.safeParse(line).data ?? []),
    ...(typeof best?.epoch === 'number' && { best: best.epoch }),
    differences: [],
    examples: [],
    mistakes: [],
    ...found,
    ...(calibration && { calibration }),
    ...(found && { doubtful: { ...found.doubtful, ...(await linkToList(source, request.out)) } }),
    facts: factsOf(info, folder),
    notes: data
      ? []
      : [`The images are not at ${folder} any more, so this shows what the log kept. Give their place with --data.`],
    spec: entryText(info.spec),
  }
  const path = request.out ?? join(source, reportFile)
  const page = renderReport(report)
  if (request.out === undefined) await (await WrittenFiles.open(source)).write(reportFile, page)
  else await writeAtomically(path, page)
  io.print(`wrote ${path}: open it in a browser`)
  io.next(`wsban export ${shellWord(source)}`)
  io.json({ ok: true, path })
  return 0
}

function factsOf(info: RunFolder['info'], folder: string): ReportData['facts'] {
  const { train } = info.spec
  return [
    ['wsban', info.wsban],
    ['engine', info.engine],
    ['images', folder],
    ['batch', String(info.batch)],
    ['settings', JSON.stringify(info.spec.settings)],
    ...(train ? [['--train', train.join(', ')] as const] : []),
    ...(info.weights === undefined ? [] : [['--weights', info.weights] as const]),
    ['checkpoint shown', info.best ?? info.last ?? 'none yet'],
  ]
}

const stepLine = z.object({ kind: z.literal('step'), epoch: z.number(), rate: z.number(), gradientNorm: z.number() })

const epochLine = z.object({
  kind: z.literal('epoch'),
  epoch: z.number(),
  losses: z.record(z.string(), z.number()),
  val: z.object({ top1: z.record(z.string(), z.number()) }).optional(),
})

function epochOf(line: Readonly<Record<string, unknown>>): EpochRecord[] {
  const parsed = epochLine.safeParse(line)
  return parsed.success
    ? [{ epoch: parsed.data.epoch, losses: parsed.data.losses, top1: parsed.data.val?.top1 ?? {} }]
    : []
}

async function openData(folder: string, info: RunFolder['info']): Promise<DataSet | undefined> {
  try {
    return await openDataSet(folder, { seed: info.seed, classes: info.classes })
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

/** The val images through the best checkpoint: counted, and some of them drawn. */
async function look(source: string, data: DataSet, engine: EngineName | undefined, io: Io) {
  const predictor = await openPredictor(source, engine, specHost(io))
  const counter = new EvaluationCounter(data.classes)
  const seen: Answered[] = []
  for await (const one of answersTo(data.splits.val, predictor, io)) {
    counter.add(one.answer, one.truth)
    seen.push(one)
  }
  await predictor.close()
  const { examples, mistakes } = choose(seen)
  return {
    evaluation: counter.result(),
    differences: differencesOf(seen),
    examples: await drawAll(examples, data),
    mistakes: await drawAll(mistakes, data),
    doubtful: doubtOf(seen, data),
  }
}

function doubtOf(seen: readonly Answered[], { classes, root }: DataSet): NonNullable<ReportData['doubtful']> {
  const found = doubtfulLabels(
    seen.map(({ sample, answer }) => ({
      image: relative(root, sample.path),
      label: sample.label,
      probabilities: answer.probabilities,
    })),
  )
  return {
    count: found.length,
    labels: found
      .slice(0, shownDoubtful)
      .map(({ image, label, suggested, labelProbability, suggestedProbability }) => ({
        name: image,
        label: elementAt(classes, label),
        suggested: elementAt(classes, suggested),
        labelProbability,
        suggestedProbability,
      })),
  }
}

/** Links the list that `wsban data doubt` wrote into the run. */
async function linkToList(source: string, out: string | undefined): Promise<{ readonly list?: string }> {
  const list = join(source, doubtFile)
  if ((await kindOf(list)) !== 'file') return {}
  const path = relative(dirname(out ?? join(source, reportFile)), list)
  return { list: path.split(sep).map(encodeURIComponent).join('/') }
}

/** The joint answer against each branch's own. */
function differencesOf(seen: readonly Answered[]): BranchDifference[] {
  const right = (values: (answer: Answer) => Float32Array) =>
    seen.map(({ answer, sample }) => argMax(values(answer)) === sample.label)
  const names = Object.keys(seen[0]?.answer.logits ?? {})
  if (names.length < 2) return []
  const joint = right(({ probabilities }) => probabilities)
  return names.map((branch) => ({
    branch,
    ...pairedDifference(
      joint,
      right(({ logits }) => logits[branch] ?? new Float32Array()),
    ),
  }))
}

/** Some spread over the classes, as they come; and the surest of those that are wrong. */
function choose(seen: readonly Answered[]): { examples: Answered[]; mistakes: Answered[] } {
  const surety = ({ answer, sample }: Answered) =>
    elementAt(answer.probabilities, argMax(answer.probabilities)) - elementAt(answer.probabilities, sample.label)
  const step = Math.max(1, seen.length / shownExamples)
  const examples = Array.from(
    { length: Math.min(seen.length, shownExamples) },
    (_, index) => seen[Math.floor(index * step)],
  )
  const mistakes = seen.filter((one) => surety(one) > 0).sort((a, b) => surety(b) - surety(a))
  return { examples: examples.filter((one) => one !== undefined), mistakes: mistakes.slice(0, shownMistakes) }
}

/** One after another: each is decoded at its full size. */
async function drawAll(chosen: readonly Answered[], data: DataSet): Promise<ShownImage[]> {
  const images: ShownImage[] = []
  for (const one of chosen) images.push(await draw(one, data))
  return images
}

async function draw({ sample, answer, truth: { box: truth } }: Answered, data: DataSet): Promise<ShownImage> {
  const image = await decodeSample(sample)
  const { box, attention } = answer
  const place = box && { y1: box[0], x1: box[1], y2: box[2], x2: box[3] }
  const drawn =
    place &&
    attention &&
    (await drawOverlay(image, {
      attention: attention.values,
      h: attention.height,
      w: attention.width,
      view: attention.view,
      box: place,
      ...(truth && { truth }),
    }))
  return {
    name: basename(sample.path),
    truth: elementAt(data.classes, sample.label),
    guesses: guessesOf(answer, data.classes),
    image: await small(image),
    ...(drawn && { overlay: await small(drawn) }),
    ...(place && { crop: await small(cropImage(image, place)) }),
    ...(box && truth && { overlap: intersectionOverUnion(box, [truth.y1, truth.x1, truth.y2, truth.x2]) }),
  }
}

function guessesOf({ logits, probabilities }: Answer, classes: readonly string[]): Guess[] {
  const guess = (by: string, shares: Float32Array): Guess => {
    const best = argMax(shares)
    return { by, name: elementAt(classes, best), probability: elementAt(shares, best) }
  }
  return [
    ...Object.entries(logits).map(([branch, values]) => guess(branch, softmax(values))),
    guess('joint', probabilities),
  ]
}

function softmax(logits: Float32Array): Float32Array {
  const largest = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  const powers = logits.map((value) => Math.exp(value - largest))
  const sum = powers.reduce((total, value) => total + value, 0)
  return powers.map((value) => value / sum)
}

async function small(image: RgbImage | Uint8Array): Promise<Uint8Array> {
  const sharp = await loadSharp()
  const opened =
    image instanceof Uint8Array
      ? sharp(image)
      : sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } })
  return opened.resize(thumbnail, thumbnail, { fit: 'inside' }).jpeg({ quality: 82 }).toBuffer()
}
