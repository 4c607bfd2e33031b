import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { safeLine } from '../../compiler/diagnostics/safe_text.js'
import { elementAt } from '../../grammar/present.js'
import { counted } from '../../runtime/data/listing.js'
import type { EngineName } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { hasCode, writeAtomically } from '../../runtime/files.js'
import { type DoubtfulLabel, doubtfulLabels } from '../../runtime/inference/label_doubt.js'
import { openPredictor } from '../../runtime/inference/open.js'
import { dataOf } from '../../runtime/runs/find.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { WrittenFiles } from '../../runtime/written_files.js'
import type { Io } from '../io.js'
import { answersTo } from './answers.js'
import { requireClasses } from './class_models.js'
import { type EvaluationSplit, openEvaluationData, trainingDataOfRun } from './evaluation_data.js'
import { specHost } from './spec.js'

/** The list in the run's folder, which the report links. */
export const doubtFile = 'doubt.csv'

const header = 'path,label,suggested,label_probability,suggested_probability,margin'

/** The number of labels to print; the list has all. */
const shown = 20

export interface DoubtRequest {
  readonly data?: string
  readonly split: EvaluationSplit
  readonly out?: string
  readonly engine?: EngineName
  readonly maxUnreadable: number
}

/** `wsban data doubt`: ranks labels that are probably wrong. No image and no list of images is changed. */
export async function doubtLabels(source: string, request: DoubtRequest, io: Io): Promise<number> {
  const { split, out, engine, maxUnreadable } = request
  const run = await RunFolder.open(source)
  const { info } = run
  if (out !== undefined) await checkReplaceable(out)
  const folder = request.data ?? dataOf(run)
  const trained = trainingDataOfRun(run)
  const predictor = await openPredictor(source, engine, specHost(io))
  requireClasses(source, predictor.signature)
  const { data, samples, own } = await openEvaluationData(folder, predictor, trained, split)
  if (own && (split === 'train' || split === 'all'))
    io.reporter.warn(
      'the model has learned the labels of its training images, wrong ones included, so that many of these are not found: train on another split of the data, and compare',
    )
  const predictions = []
  for await (const { sample, answer } of answersTo(samples, predictor, io, maxUnreadable))
    predictions.push({
      image: relative(data.root, sample.path),
      label: sample.label,
      probabilities: Float64Array.from(answer.probabilities),
    })
  await predictor.close()
  const doubtful = doubtfulLabels(predictions)
  const list = listOf(doubtful, info.classes)
  if (out === undefined) await (await WrittenFiles.open(source)).write(doubtFile, list)
  else await writeAtomically(out, list)
  const path = out ?? `${source}/${doubtFile}`
  io.printText(textOf(doubtful, predictions.length, split, info.classes))
  io.print(`wrote ${path}: look at the images, and correct their labels yourself`)
  io.json({
    ok: true,
    split,
    images: predictions.length,
    path,
    doubtful: doubtful.map(({ image, label, suggested, ...rest }) => ({
      path: image,
      label: elementAt(info.classes, label),
      suggested: elementAt(info.classes, suggested),
      ...rest,
    })),
  })
  return 0
}

/** Checks that the file is absent or was written by this command. @throws Failure `file-exists` */
async function checkReplaceable(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return header
    throw error
  })
  if (text.startsWith(header)) return
  throw new Failure({
    code: 'file-exists',
    message: `${path} is no list that wsban data doubt wrote`,
    help: 'choose another file with -o; nothing was changed',
    path,
    exit: 2,
  })
}

function listOf(doubtful: readonly DoubtfulLabel<string>[], classes: readonly string[]): string {
  const rows = doubtful.map(({ image, label, suggested, labelProbability, suggestedProbability, margin }) =>
    [
      ...[image, elementAt(classes, label), elementAt(classes, suggested)].map(quoted),
      ...[labelProbability, suggestedProbability, margin].map((value) => value.toFixed(4)),
    ].join(','),
  )
  return `${[header, ...rows].join('\n')}\n`
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}

function textOf(
  doubtful: readonly DoubtfulLabel<string>[],
  images: number,
  split: EvaluationSplit,
  classes: readonly string[],
): string {
  const where = split === 'all' ? 'all splits' : split
  const name = (label: number) => JSON.stringify(elementAt(classes, label))
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`
  const lines = doubtful
    .slice(0, shown)
    .map(
      ({ image, label, suggested, labelProbability, suggestedProbability }) =>
        `  ${image}: labelled ${name(label)} (${percent(labelProbability)}), more likely ${name(suggested)} (${percent(suggestedProbability)})`,
    )
  const rest = doubtful.length - lines.length
  return [
    `${counted(doubtful.length, 'label')} in doubt of ${counted(images, 'image')} (${where}), the most doubtful first`,
    ...lines,
    ...(rest > 0 ? [`  and ${rest} more in the list`] : []),
  ]
    .map(safeLine)
    .join('\n')
}
