import type { EngineName } from '../../../runtime/engines/index.js'
import { Failure, reasonOf } from '../../../runtime/failure.js'
import { writeAtomically } from '../../../runtime/files.js'
import { decodeImage } from '../../../runtime/images/decode.js'
import type { RgbImage } from '../../../runtime/images/rgb_image.js'
import { type Answer, type Predictor, predictsClasses } from '../../../runtime/inference/answer.js'
import { withFlip } from '../../../runtime/inference/flip.js'
import { predictionText } from '../../../runtime/inference/named_predictions.js'
import { openPredictor } from '../../../runtime/inference/open.js'
import { type PredictionRecord, predictionRecord } from '../../../runtime/inference/prediction_record.js'
import { RunFolder } from '../../../runtime/runs/folder.js'
import { clock } from '../../../runtime/training/clock.js'
import type { Io } from '../../io.js'
import { requireClasses } from '../class_models.js'
import { runInUse } from '../run_in_use.js'
import { specHost } from '../spec.js'
import { csvHeader, csvRow } from './csv.js'
import { type ImagePath, imagePaths } from './image_paths.js'
import { Overlays } from './overlays.js'
import { SortedImages } from './sorted_images.js'

export interface PredictOptions {
  readonly top: number
  readonly heatmaps?: string
  readonly engine?: EngineName
  readonly tta?: 'flip'
  /** The file of the table. */
  readonly csv?: string
  readonly sortInto?: string
  readonly links?: boolean
}

/** The prediction for an image, and the files written for it. */
interface Prediction {
  readonly image: ImagePath
  readonly answer: Answer
  readonly record: PredictionRecord
  readonly overlay?: string
  readonly sorted?: string
}

/** The folder for images of no known class. */
const unknownFolder = 'unknown'

/** Unreadable images that the summary names. */
const mostNamed = 20

/**
 * `wsban predict`: predicts each image. Unreadable images are reported and skipped, with exit code 1.
 *
 * @param words optionally a run or an exported file, then images and folders of images
 */
export async function predictImages(words: readonly string[], options: PredictOptions, io: Io): Promise<number> {
  const [first = '', ...others] = words
  const named = isModel(first)
  const source = await runInUse(named ? first : undefined, io)
  const given = named ? others : words
  if (given.length === 0)
    throw new Failure({
      code: 'wrong-usage',
      message: 'which images?',
      help: `wsban predict ${source} photo.jpg, or a folder of images`,
      exit: 2,
    })
  const images = await imagePaths(given)
  const opened = await openPredictor(source, options.engine, specHost(io))
  const predictor = options.tta === 'flip' ? withFlip(opened) : opened
  if (options.csv !== undefined || options.sortInto !== undefined) requireClasses(source, predictor.signature)
  const outputs = {
    ...(options.heatmaps !== undefined && { overlays: await Overlays.open(options.heatmaps) }),
    ...(options.sortInto !== undefined && {
      sorted: new SortedImages(options.sortInto, options.links ? 'link' : 'copy'),
    }),
  }
  const predictions: Prediction[] = []
  const results: unknown[] = []
  const unreadable: string[] = []
  const meter = new Meter(images.length)
  let count = 0
  for await (const { path: image, decoded } of decodedAhead(images)) {
    try {
      const prediction = await predictOne(image, await decoded, predictor, options.top, outputs)
      predictions.push(prediction)
      results.push(recordOf(prediction))
      if (options.csv === undefined) io.print(lineOf(prediction))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      unreadable.push(image.path)
      const { code, message, help } = error.problem
      io.reporter.warn(`${message}${help ? ` (${help})` : ''}`)
      results.push({ image: image.path, error: { code, message } })
    }
    count++
    if (images.length > 1) io.reporter.progress(meter.line(count))
  }
  await predictor.close()
  if (options.csv !== undefined) {
    await writeAtomically(options.csv, tableOf(predictions, Math.min(options.top, predictor.classes.length)))
    io.print(`wrote ${options.csv}: ${predictions.length} images`)
  }
  if (options.sortInto !== undefined)
    io.print(`${options.links ? 'linked' : 'copied'} ${predictions.length} images into ${options.sortInto}`)
  if (images.length > given.length && predictsClasses(predictor.signature))
    for (const line of summaryOf(predictions, meter)) io.print(line)
  if (unreadable.length > 0 && images.length > 1) io.reporter.warn(unreadableText(unreadable, images.length))
  io.json({ ok: unreadable.length === 0, predictions: results, unreadable: unreadable.length })
  return unreadable.length > 0 ? 1 : 0
}

/** Whether the first word of the command is a model instead of images. */
function isModel(word: string): boolean {
  return word.endsWith('.onnx') || word.endsWith('.wsban') || RunFolder.exists(word)
}

/** Decodes the next images while the engine runs. An error is thrown where the image is awaited. */
async function* decodedAhead(
  images: readonly ImagePath[],
): AsyncGenerator<{ path: ImagePath; decoded: Promise<RgbImage> }> {
  const ahead: { path: ImagePath; decoded: Promise<RgbImage> }[] = []
  let next = 0
  for (const path of images) {
    while (next < images.length && ahead.length < 3) {
      const image = images[next++]
      if (!image) break
      const decoded = decodeImage(image.path)
      decoded.catch(reasonOf)
      ahead.push({ path: image, decoded })
    }
    const first = ahead.shift()
    if (!first) throw new Error(`${path.path} was not decoded`)
    yield first
  }
}

async function predictOne(
  image: ImagePath,
  decoded: RgbImage,
  predictor: Predictor,
  top: number,
  { overlays, sorted: folders }: { readonly overlays?: Overlays; readonly sorted?: SortedImages },
): Promise<Prediction> {
  const [answer] = await predictor.predict([decoded])
  if (!answer) throw new Error('no answer for an image')
  const overlay = await overlays?.write(image.path, decoded, answer)
  const record = predictionRecord(answer, predictor, top)
  const sorted = await folders?.add(
    image.path,
    answer.known === false ? unknownFolder : (record.classes[0]?.name ?? ''),
  )
  return {
    image,
    answer,
    record,
    ...(overlay !== undefined && { overlay }),
    ...(sorted !== undefined && { sorted }),
  }
}

function recordOf({ image, record, overlay, sorted }: Prediction): unknown {
  return {
    image: image.path,
    ...record,
    ...(overlay !== undefined && { overlay }),
    ...(sorted !== undefined && { sorted }),
  }
}

function tableOf(predictions: readonly Prediction[], top: number): string {
  const branches = Object.keys(predictions[0]?.record.branches ?? {})
  const rows = predictions.map(({ image, record: { classes, branches: found }, answer }) =>
    csvRow(
      image.path,
      classes,
      branches.map((branch) => found[branch] ?? ''),
      answer,
    ),
  )
  return csvHeader(top, branches) + rows.join('')
}

function lineOf({ image, record: { classes, predictions, box, known }, overlay }: Prediction): string {
  const named = [
    classes.map(({ name, probability }) => `${name} ${(probability * 100).toFixed(1)} %`).join(', '),
    ...Object.entries(predictions ?? {}).map(([name, one]) => predictionText(name, one) ?? ''),
  ]
    .filter((text) => text !== '')
    .join('; ')
  const where = box ? ` · part at ${box.map((value) => value.toFixed(2)).join(' ')} (y1 x1 y2 x2)` : ''
  const doubt = known === false ? 'perhaps none of the classes; ' : ''
  return `${image.path}: ${doubt}${named}${where}${overlay === undefined ? '' : ` · ${overlay}`}`
}

/** Speed and time left. */
class Meter {
  private readonly started = performance.now()

  constructor(private readonly images: number) {}

  get seconds(): number {
    return (performance.now() - this.started) / 1000
  }

  line(done: number): string {
    const rate = done / this.seconds
    return `${done} of ${this.images} images · ${rate.toFixed(1)} images/s · ${clock((this.images - done) / rate)} left`
  }
}

/** Counts the images of each class, the most frequent first. */
function summaryOf(predictions: readonly Prediction[], meter: Meter): string[] {
  const counts = new Map<string, number>()
  for (const { record } of predictions) {
    const name = record.known === false ? '(perhaps none of the classes)' : (record.classes[0]?.name ?? '')
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const rows = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, images]) => `  ${String(images).padStart(6)}  ${name}`)
  const rate = predictions.length / meter.seconds
  return [`${predictions.length} images in ${clock(meter.seconds)} (${rate.toFixed(1)} images/s):`, ...rows]
}

function unreadableText(paths: readonly string[], all: number): string {
  const shown = paths.slice(0, mostNamed).join(', ')
  const more = paths.length > mostNamed ? ` and ${paths.length - mostNamed} more` : ''
  return `${paths.length} of ${all} images could not be read: ${shown}${more}`
}
