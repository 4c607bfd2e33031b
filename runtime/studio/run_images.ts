import { signatureOf } from '../../compiler/graph/signature.js'
import { elementAt } from '../../grammar/present.js'
import type { DataSet, Sample } from '../data/dataset.js'
import { dataOptions } from '../data/model_data.js'
import { openDataSet } from '../data/open.js'
import { decodeSample } from '../data/sample_image.js'
import type { EngineName } from '../engines/index.js'
import { Failure } from '../failure.js'
import { thumbnailOf } from '../images/thumbnail.js'
import { openOnEngine } from '../inference/open.js'
import { confusedPairs } from '../report/confused_pairs.js'
import { dataOf } from '../runs/find.js'
import type { RunFolder } from '../runs/folder.js'
import type { ValidationPredictions } from '../runs/validation_predictions.js'
import type { SpecHost } from '../specs/host.js'
import { compileStored } from '../specs/spec.js'
import { openWeighted } from '../specs/weighted.js'
import { shownAnswerOf } from './shown_answer.js'
import type { RunState, ShownAnswer } from './state.js'

const shownImages = 9
const shownPairs = 6
const imagesOfEachPair = 3

/** The longer side of a thumbnail, in pixels. */
const thumbnailSide = 480

/** The images of a run that the page shows: those evaluated after each epoch, and confused ones. */
export class RunImages {
  /** The predictions for the watched images, by epoch. */
  readonly answers = new Map<number, readonly ShownAnswer[]>()
  private readonly samples: readonly Sample[]

  private constructor(
    private readonly data: DataSet,
    /** The indices of the watched images in the validation split. */
    readonly chosen: readonly number[],
  ) {
    this.samples = data.splits.val
  }

  /** @throws Failure of `openDataSet` where the images are no longer where the run found them */
  static async open(run: RunFolder, host: SpecHost): Promise<RunImages> {
    const { graph } = host.accept(compileStored(run.info.spec), run.path, 'run')
    const data = await openDataSet(dataOf(run), dataOptions(run.info, signatureOf(graph)))
    return new RunImages(data, await choose(data.splits.val))
  }

  /** Images without a class have no label. */
  get labels(): { readonly index: number; readonly label?: string }[] {
    return this.chosen.map((index) => {
      const label = this.data.classes[this.labelOf(index)]
      return { index, ...(label !== undefined && { label }) }
    })
  }

  /** Returns an image of the validation split as a small JPEG; undefined for an index out of range. @throws Failure `image-unreadable` */
  async thumbnail(index: number): Promise<Uint8Array | undefined> {
    const sample = this.samples[index]
    return sample && thumbnailOf(await decodeSample(sample, thumbnailSide), thumbnailSide)
  }

  /** Evaluates a checkpoint on the watched images and keeps the predictions. @throws Failure where weights or images cannot be read */
  async look(
    run: RunFolder,
    { epoch, weights }: { readonly epoch: number; readonly weights: string },
    engine: EngineName | undefined,
    host: SpecHost,
  ): Promise<void> {
    const weighted = await openWeighted(run.path, { weights }, host)
    const predictor = await openOnEngine({ ...weighted, classes: run.info.classes }, engine, run.info.seed, host)
    try {
      const answers: ShownAnswer[] = []
      for (const index of this.chosen) {
        const [answer] = await predictor.predict([await decodeSample(elementAt(this.samples, index))])
        if (!answer) throw new Error('no answer for an image')
        answers.push(shownAnswerOf(answer, predictor))
      }
      this.answers.set(epoch, answers)
    } finally {
      await predictor.close()
    }
  }

  /** Returns the classes confused most often; undefined for predictions about other images. */
  confused({ epoch, predicted }: ValidationPredictions): RunState['confused'] {
    const { classes } = this.data
    if (predicted.length !== this.samples.length) return undefined
    const confusion = classes.map(() => classes.map(() => 0))
    predicted.forEach((guess, index) => {
      const row = confusion[this.labelOf(index)]
      if (guess !== null && row && guess < row.length) row[guess] = elementAt(row, guess) + 1
    })
    const pairs = confusedPairs(confusion, shownPairs).map(({ truth, predicted: guess, count, total }) => ({
      truth: elementAt(classes, truth),
      predicted: elementAt(classes, guess),
      count,
      total,
      images: predicted
        .flatMap((other, index) => (other === guess && this.labelOf(index) === truth ? [index] : []))
        .slice(0, imagesOfEachPair),
    }))
    return { epoch, pairs }
  }

  private labelOf(index: number): number {
    return elementAt(this.samples, index).label
  }
}

/** Returns the indices of some readable images, spread over all classes. */
async function choose(samples: readonly Sample[]): Promise<number[]> {
  const byLabel = samples.map(({ label }, index) => ({ label, index })).sort((a, b) => a.label - b.label)
  const count = Math.min(shownImages, byLabel.length)
  const chosen: number[] = []
  let next = 0
  for (let place = 0; place < count; place++) {
    next = Math.max(next, Math.floor((place * byLabel.length) / count))
    for (; next < byLabel.length; next++) {
      const { index } = elementAt(byLabel, next)
      if (!(await isReadable(elementAt(samples, index)))) continue
      chosen.push(index)
      next++
      break
    }
  }
  return chosen
}

async function isReadable(sample: Sample): Promise<boolean> {
  try {
    await decodeSample(sample, thumbnailSide)
    return true
  } catch (error) {
    if (error instanceof Failure) return false
    throw error
  }
}
