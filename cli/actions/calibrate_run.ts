import { signatureOf } from '../../compiler/graph/signature.js'
import { elementAt } from '../../grammar/present.js'
import { ImageSource, usualWorkers } from '../../runtime/data/image_source.js'
import { dataOptions } from '../../runtime/data/model_data.js'
import { openDataSet } from '../../runtime/data/open.js'
import type { EngineName } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { calibrate, leastImages } from '../../runtime/inference/calibrate.js'
import { evaluateSplit } from '../../runtime/inference/evaluate_split.js'
import type { Labelled } from '../../runtime/inference/fit_correction.js'
import { openOnEngine } from '../../runtime/inference/open.js'
import type { AnswerCalibration } from '../../runtime/runs/answer_calibration.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { openWeighted } from '../../runtime/specs/weighted.js'
import type { Io } from '../io.js'
import { requireClasses } from './class_models.js'
import { imagesInUse, runInUse } from './run_in_use.js'
import { specHost } from './spec.js'

export interface CalibrateOptions {
  readonly data?: string
  readonly engine?: EngineName
}

/** More images hardly change the correction and the threshold. */
const mostImages = 2000

/** `wsban calibrate`: fits the calibration of a run on its validation split, and stores it with the run. */
export async function calibrateRun(given: string | undefined, options: CalibrateOptions, io: Io): Promise<number> {
  const source = await runInUse(given, io)
  const place = await imagesInUse(options.data, source, io)
  const calibration = await measureCalibration(source, place, options.engine, io)
  if (!calibration)
    throw new Failure({
      code: 'too-few-images',
      message: `${place} has too few validation images to calibrate on`,
      help: `${leastImages} are enough`,
      path: place,
    })
  io.print(calibrationText(calibration))
  io.json({ ok: true, run: source, calibration })
  return 0
}

/** Fits and stores the calibration; with too few images returns undefined and stores nothing. */
export async function measureCalibration(
  source: string,
  place: string,
  engine: EngineName | undefined,
  io: Io,
): Promise<AnswerCalibration | undefined> {
  const run = await RunFolder.open(source)
  const host = specHost(io)
  // Loaded by the path of the weights, to skip an earlier calibration, which may be damaged.
  const weighted = await openWeighted(source, { weights: run.weightsPath() }, host)
  const signature = signatureOf(weighted.spec.graph)
  requireClasses(source, signature)
  const data = await openDataSet(place, dataOptions(run.info, signature))
  const val = spread(data.splits.val, mostImages)
  if (val.length < leastImages) return undefined
  const { reporter } = io
  const predictor = await openOnEngine({ ...weighted, classes: run.info.classes }, engine, run.info.seed, host)
  const images = new ImageSource({ reporter, cacheBytes: 0, workers: usualWorkers(), mostUnreadable: 1 })
  const answers: Labelled[] = []
  try {
    await evaluateSplit(
      predictor,
      { ...data, splits: { ...data.splits, val } },
      {
        split: 'val',
        batch: run.info.batch,
        images,
        onAnswer: (index, { probabilities }) => {
          answers.push({ probabilities, label: elementAt(val, index).label })
          if (answers.length % 16 === 0) reporter.progress(`${answers.length} of ${val.length} images`)
        },
      },
    )
  } finally {
    await images.close()
    await predictor.close()
  }
  const calibration = calibrate(answers)
  if (calibration) await run.saveCalibration(calibration)
  return calibration
}

/** Some of them, evenly over all classes. */
function spread<T>(values: readonly T[], most: number): T[] {
  const step = Math.max(1, values.length / most)
  return values.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step))
}

export function calibrationText({
  temperature,
  bias,
  errorBefore,
  errorAfter,
  errorExpected,
  threshold,
}: AnswerCalibration): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  return `calibrated: temperature ${temperature.toFixed(2)}, bias ${bias.toFixed(2)}, calibration error ${percent(errorBefore)} before and ${percent(errorAfter)} after (exact probabilities would show ${percent(errorExpected)} on so few images); an answer below ${percent(threshold)} may be none of the classes`
}
