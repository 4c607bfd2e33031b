import type { ModelSettings } from '../../compiler/analysis/model.js'
import { openDataSet } from '../../runtime/data/open.js'
import { placesOn } from '../../runtime/data/truth.js'
import type { EngineName } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { decodeImage } from '../../runtime/images/decode.js'
import { type Evaluation, EvaluationCounter, top1Text } from '../../runtime/inference/evaluate.js'
import type { Io } from '../io.js'
import { openPredictor } from './open_predictor.js'
import { withClasses } from './train_spec.js'

const batch = 8

export interface EvaluateRequest {
  readonly data: string
  readonly split: 'train' | 'val' | 'test'
  readonly engine?: EngineName
  readonly weights?: string
  readonly set?: ModelSettings
}

export async function evaluateModel(
  source: string,
  { data: folder, split, engine, weights, set }: EvaluateRequest,
  io: Io,
): Promise<number> {
  // A spec has no class names of its own: those of the data are meant.
  const named = source.endsWith('.wsban') ? (await openDataSet(folder, { seed: 1 })).classes : undefined
  const settings = named ? withClasses(source, set ?? {}, named.length) : set
  const predictor = await openPredictor(source, engine, io, {
    ...(weights !== undefined && { weights }),
    ...(settings && { set: settings }),
    ...(named && { classes: named }),
  })
  const data = await openDataSet(folder, { seed: 1, classes: [...predictor.classes] })
  const samples = data.splits[split]
  if (samples.length === 0)
    throw new Failure({
      code: 'no-pictures',
      message: `${folder} has no ${split} pictures`,
      help: 'choose another --split',
      path: folder,
    })
  const counter = new EvaluationCounter(predictor.classes)
  const start = performance.now()
  let skipped = 0
  for (let index = 0; index < samples.length; index += batch) {
    const decoded = await Promise.all(
      samples.slice(index, index + batch).map(async (sample) => {
        try {
          return [{ sample, picture: await decodeImage(sample.path) }]
        } catch (error) {
          if (!(error instanceof Failure)) throw error
          io.reporter.warn(error.problem.message)
          skipped++
          return []
        }
      }),
    )
    const readable = decoded.flat()
    const answers = await predictor.predict(readable.map(({ picture }) => picture))
    readable.forEach(({ sample, picture }, place) => {
      const answer = answers[place]
      if (answer) counter.add(answer, { label: sample.label, ...placesOn(sample.truth, picture) })
    })
    io.reporter.progress(`${Math.min(index + batch, samples.length)} of ${samples.length} pictures`)
  }
  const milliseconds = (performance.now() - start) / samples.length
  await predictor.close()
  const evaluation = counter.result()
  io.print(evaluationText(evaluation, milliseconds))
  io.json({ ok: true, split, skipped, millisecondsPerPicture: milliseconds, classes: predictor.classes, ...evaluation })
  return 0
}

function evaluationText(evaluation: Evaluation, milliseconds: number): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  const width = Math.max(...evaluation.perClass.map(({ name }) => name.length))
  const classes = evaluation.perClass.map(
    ({ name, pictures, correct }) => `  ${name.padEnd(width)}  ${String(correct).padStart(4)} of ${pictures}`,
  )
  const { localisation } = evaluation
  return [
    `${evaluation.pictures} pictures, ${milliseconds.toFixed(0)} ms each`,
    `top-1: ${top1Text(evaluation)}`,
    `top-5: ${percent(evaluation.top5)}`,
    ...(localisation
      ? [
          `crop against true box: ${percent(localisation.meanIou)} overlap on average, ${percent(localisation.over50)} of crops at half or more (the whole image: ${percent(localisation.wholeImageIou)})${localisation.pointsInside === undefined ? '' : `, ${percent(localisation.pointsInside)} of the known parts inside`}`,
        ]
      : []),
    'right, by class:',
    ...classes,
  ].join('\n')
}
