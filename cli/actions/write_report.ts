import { basename, dirname, join, relative, sep } from 'node:path'
import { signatureOf } from '../../compiler/graph/signature.js'
import type { DataSet } from '../../runtime/data/dataset.js'
import { dataOptions } from '../../runtime/data/model_data.js'
import { type OpenOptions, openDataSet } from '../../runtime/data/open.js'
import type { EngineName } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { kindOf, writeAtomically } from '../../runtime/files.js'
import type { ReportData } from '../../runtime/report/data.js'
import { renderReport } from '../../runtime/report/html.js'
import { renderModelCard } from '../../runtime/report/model_card.js'
import { dataOf } from '../../runtime/runs/find.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { shellWord } from '../../runtime/shell_word.js'
import { compileStored } from '../../runtime/specs/spec.js'
import { entryText } from '../../runtime/specs/stored.js'
import { WrittenFiles } from '../../runtime/written_files.js'
import type { Io } from '../io.js'
import { chanceReason } from './chance_reason.js'
import { doubtFile } from './doubt_labels.js'
import { loggedOf } from './report/logged.js'
import { measureRun } from './report/measured.js'
import { runInUse } from './run_in_use.js'
import { requireGraph } from './spec.js'

/** The report in the run's folder, by default. */
export const reportFile = 'report.html'

export interface ReportRequest {
  readonly out?: string
  readonly data?: string
  readonly engine?: EngineName
  /** Another run to compare with, on the same images. */
  readonly baseline?: string
  /** The path of a model card in Markdown, if one is to be written. */
  readonly card?: string
}

/** Writes a run's report. Without its images, it shows the log only. */
export async function writeReport(given: string | undefined, request: ReportRequest, io: Io): Promise<number> {
  const source = await runInUse(given, io)
  const report = await reportOn(source, request, io)
  const path = request.out ?? join(source, reportFile)
  const page = renderReport(report)
  if (request.out === undefined) await (await WrittenFiles.open(source)).write(reportFile, page)
  else await writeAtomically(path, page)
  io.print(`wrote ${path}: open it in a browser`)
  const { card } = request
  if (card !== undefined) {
    await writeAtomically(card, renderModelCard(report))
    io.print(`wrote ${card}: fill in the sections in italics`)
  }
  io.next(`wsban export ${shellWord(source)}`)
  io.json({ ok: true, path, ...(card !== undefined && { card }) })
  return 0
}

/** Measures a run on its validation images, if they are still there. @throws Failure `no-images` for a baseline without images to compare on */
export async function reportOn(source: string, request: ReportRequest, io: Io): Promise<ReportData> {
  const run = await RunFolder.open(source)
  const { info } = run
  const { graph } = requireGraph(compileStored(info.spec), source, io)
  const folder = request.data ?? dataOf(run)
  const signature = signatureOf(graph)
  const data = await openData(folder, dataOptions(info, signature))
  if (!data && request.baseline !== undefined)
    throw new Failure({
      code: 'no-images',
      message: `the images are not at ${folder} any more, so ${source} and ${request.baseline} cannot be compared`,
      help: 'give their place with --data',
      path: folder,
    })
  const measured = data && (await measureRun(source, data, request, io))
  const { millisecondsPerImage, ...shown } = measured ?? {}
  const { cost, ...logged } = await loggedOf(run, graph, folder)
  const best = await run.metrics()
  const calibration = await run.calibration()
  return {
    title: info.classes.length > 0 ? `${info.model}: ${info.classes.length} classes` : info.model,
    subtitle: `${info.epochs} epochs on ${basename(info.data)}, seed ${info.seed}`,
    ...logged,
    cost: { ...cost, ...(millisecondsPerImage !== undefined && { millisecondsPerImage }) },
    ...(typeof best?.epoch === 'number' && { best: best.epoch }),
    reason: await chanceReason(run, graph),
    differences: [],
    examples: [],
    mistakes: [],
    confused: [],
    ...shown,
    ...(measured?.doubtful && { doubtful: { ...measured.doubtful, ...(await linkToList(source, request.out)) } }),
    ...(calibration && { calibration }),
    notes: data
      ? []
      : [`The images are not at ${folder} any more, so this shows what the log kept. Give their place with --data.`],
    spec: entryText(info.spec),
  }
}

/** Links the list that `wsban data doubt` wrote into the run. */
async function linkToList(source: string, out: string | undefined): Promise<{ readonly list?: string }> {
  const list = join(source, doubtFile)
  if ((await kindOf(list)) !== 'file') return {}
  const path = relative(dirname(out ?? join(source, reportFile)), list)
  return { list: path.split(sep).map(encodeURIComponent).join('/') }
}

async function openData(folder: string, options: OpenOptions): Promise<DataSet | undefined> {
  try {
    return await openDataSet(folder, options)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}
