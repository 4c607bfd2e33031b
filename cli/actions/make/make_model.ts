import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as z from 'zod'
import type { ModelSettings } from '../../../compiler/analysis/model.js'
import { defaultOpset } from '../../../compiler/targets/onnx/opsets.js'
import { defaultResize } from '../../../compiler/targets/onnx/resize_lowering.js'
import type { ClassOrder } from '../../../runtime/data/class_order.js'
import type { EngineName } from '../../../runtime/engines/index.js'
import { madeEnding, madeRun } from '../../../runtime/runs/find.js'
import { RunFolder } from '../../../runtime/runs/folder.js'
import { shellWord } from '../../../runtime/shell_word.js'
import { WrittenFiles } from '../../../runtime/written_files.js'
import type { Io } from '../../io.js'
import { exportedFile, exportModel } from '../export_model.js'
import { trainSpec } from '../train/train_spec.js'
import { verifyOnnx } from '../verify_onnx.js'
import { reportFile, writeReport } from '../write_report.js'
import { engineReady } from './engine_ready.js'
import { checkMadeFolder, madeFolderFor } from './made_folder.js'
import { proposedModel } from './proposed_model.js'

export interface MakeOptions {
  readonly out?: string
  readonly model?: string
  readonly epochs?: number
  readonly weights?: string
  readonly yes?: boolean
  readonly setup: boolean
  readonly seed: number
  readonly classOrder?: ClassOrder
  readonly engine?: EngineName
  readonly set?: ModelSettings
}

const specName = 'model.wsban'
const pageFolder = 'page'

/** The part of training's JSON document that the summary shows. */
const trained = z.object({
  standing: z
    .object({ images: z.number(), top1: z.number(), chance: z.number(), interval: z.tuple([z.number(), z.number()]) })
    .optional(),
})

/**
 * `wsban make`: from images to a trained, exported and verified model with its report and a page that runs it, in one folder. The same
 * command continues where an earlier one was stopped.
 */
export async function makeModel(photos: string, options: MakeOptions, io: Io): Promise<number> {
  const folder = options.out ?? madeFolderFor(photos)
  const [spec, run] = [join(folder, specName), join(folder, madeRun)]
  await checkMadeFolder(folder)
  const files = await WrittenFiles.open(folder)
  const documents: Record<string, unknown> = {}
  const step = (name: string) => {
    io.reporter.say('')
    io.reporter.say(`# ${name}`)
    return io.step((document) => {
      documents[name] = document
    })
  }
  const failed = (code: number): number => {
    if (code === 130)
      io.print(`next: wsban make ${shellWord(photos)}${options.out === undefined ? '' : ` -o ${shellWord(folder)}`}`)
    io.json({ ok: false, folder, ...documents })
    return code
  }

  const begun = RunFolder.exists(run)
  if (begun) io.reporter.say(`${folder} holds a run on these images: continuing it`)
  let { classOrder } = options
  if (!begun) {
    const { classOrder: asked, ...chosen } = await specFor(photos, spec, files, options, io)
    documents.model = chosen
    // With --yes, training does not ask either.
    classOrder ??= asked ?? (options.yes ? 'natural' : undefined)
    if (options.engine === undefined && options.setup) await engineReady(!options.yes, io)
  }
  const training = {
    data: photos,
    out: run,
    seed: options.seed,
    ...(options.epochs !== undefined && { epochs: options.epochs }),
    ...(options.engine && { engine: options.engine }),
  }
  const fresh = {
    ...(options.weights !== undefined && { weights: options.weights }),
    ...(options.set && { set: options.set }),
    ...(classOrder && { classOrder }),
  }
  const trainedWith = await (begun
    ? trainSpec(undefined, { ...training, resume: true }, step('train'))
    : trainSpec(options.model ?? spec, { ...training, ...fresh }, step('train')))
  if (trainedWith !== 0) return failed(trainedWith)

  const onnx = join(folder, exportedFile)
  const exported = await files.writeBy(exportedFile, (out) =>
    exportModel(
      run,
      {
        out,
        page: join(folder, pageFolder),
        seed: options.seed,
        precision: 'fp32',
        maxDrop: 0.01,
        input: 'image',
        opset: defaultOpset,
        resize: defaultResize,
        check: true,
      },
      step('export'),
    ),
  )
  if (exported !== 0) return failed(exported)
  const verified = await verifyOnnx(
    onnx,
    { against: run, data: photos, images: 40, seed: options.seed, ...(options.engine && { engine: options.engine }) },
    step('verify'),
  )
  if (verified !== 0) return failed(verified)
  await files.writeBy(reportFile, (out) =>
    writeReport(run, { out, data: photos, ...(options.engine && { engine: options.engine }) }, step('report')),
  )
  io.reporter.say('')
  for (const line of summaryOf(folder, trained.parse(documents.train))) io.print(line)
  io.json({ ok: true, folder, ...documents })
  return 0
}

interface ChosenModel {
  readonly model: string
  readonly reasons: readonly string[]
  /** Where the images were looked at, and the order of their classes asked for. */
  readonly classOrder?: ClassOrder
}

/** Writes the model, unless one is named or the person has changed it since. */
async function specFor(
  photos: string,
  spec: string,
  files: WrittenFiles,
  { model, epochs, seed, yes, classOrder }: MakeOptions,
  io: Io,
): Promise<ChosenModel> {
  if (model !== undefined) return { model, reasons: ['as asked for'] }
  if (existsSync(spec) && !(await files.owns(specName))) {
    io.reporter.say(`${spec} was changed since wsban wrote it: it is trained as it is`)
    return { model: spec, reasons: ['changed since it was written'] }
  }
  const name = basename(madeFolderFor(photos), madeEnding)
  const proposed = await proposedModel(
    photos,
    name,
    { seed, mayAsk: !yes, ...(epochs !== undefined && { epochs }), ...(classOrder && { classOrder }) },
    io,
  )
  await files.write(specName, proposed.text)
  return { model: proposed.model, reasons: proposed.reasons, classOrder: proposed.classOrder }
}

function summaryOf(folder: string, { standing }: z.infer<typeof trained>): string[] {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  const path = (...names: string[]) => join(folder, ...names)
  const rows = [
    [path(reportFile), 'how good it is, where it looks, and its mistakes: open it in a browser'],
    [path(pageFolder, 'index.html'), 'the model as a web page: drop a photo in'],
    [path(exportedFile), 'the model as one file, for programs'],
    [path(specName), 'its definition, to read and to change'],
  ] as const
  const width = Math.max(...rows.map(([name]) => name.length))
  const accuracy = standing
    ? `${percent(standing.top1)} of ${standing.images} held-out images are classified correctly (95 % interval ${percent(standing.interval[0])} to ${percent(standing.interval[1])}; chance ${percent(standing.chance)})`
    : 'no images were held out, so the accuracy is not known'
  return [accuracy, ...rows.map(([name, what]) => `  ${name.padEnd(width)}  ${what}`)]
}
