import { constants, copyFile } from 'node:fs/promises'
import { basename, isAbsolute, join } from 'node:path'
import { Failure } from '../failure.js'
import { makeFolder, writeAtomically } from '../files.js'
import { weightsOf } from '../runs/checkpoint.js'
import type { RunFolder } from '../runs/folder.js'
import type { RunInfo } from '../runs/info.js'
import { entryText, type StoredSpec } from '../specs/stored.js'
import { trainingRecord } from '../training/metrics_records.js'
import { isHubName } from '../weights/hub.js'
import { packagedName } from '../weights/published.js'

/** The files of a published run, by their purpose. In the repository they lie side by side. */
export const sharedFiles = {
  info: 'run.json',
  spec: 'model.wsban',
  log: 'log.jsonl',
  calibration: 'calibration.json',
  weights: 'model.safetensors',
} as const

/**
 * Writes the part of a run that others need into a new folder, which is a run itself: the spec, the weights in use, the metrics and the
 * calibration. The optimizer's state, other checkpoints and the paths of this machine stay behind.
 *
 * @throws Failure `no-checkpoint`, `cannot-write`
 */
export async function writeSharedRun(run: RunFolder, folder: string): Promise<void> {
  const name = run.info.best ?? run.info.last
  if (name === undefined)
    throw new Failure({
      code: 'no-checkpoint',
      message: `${run.path} has no checkpoint`,
      help: 'train the model first',
      path: run.path,
    })
  const info = sharedInfo(run.info, name)
  const calibration = await run.calibration()
  const lines = (await run.log.read()).flatMap((line) => trainingRecord.safeParse(line).data ?? [])
  const text = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`
  await writeAtomically(join(folder, sharedFiles.spec), entryText(info.spec))
  await writeAtomically(join(folder, sharedFiles.log), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  if (calibration)
    await writeAtomically(join(folder, sharedFiles.calibration), text({ checkpoint: name, ...calibration }))
  const weights = weightsIn(folder, name)
  await makeFolder(join(weights, '..'))
  await copyFile(run.weightsPath(), weights, constants.COPYFILE_FICLONE)
  await writeAtomically(join(folder, sharedFiles.info), text(info))
}

/** The place of a checkpoint's weights in a run folder. */
export function weightsIn(folder: string, checkpoint: string): string {
  return weightsOf(join(folder, 'checkpoints', checkpoint))
}

/** The description of a run that has one checkpoint, without paths of the machine that it was trained on. */
function sharedInfo(info: RunInfo, checkpoint: string): RunInfo {
  const { previous: _, dataFromRun: __, weights, bestScore, ...rest } = info
  return {
    ...rest,
    spec: relocated(info.spec),
    data: basename(info.data),
    ...(weights !== undefined && { weights: sharedSource(weights) }),
    last: checkpoint,
    ...(info.best !== undefined && { best: checkpoint, ...(bestScore !== undefined && { bestScore }) }),
    keep: 0,
    kept: [],
    written: [checkpoint],
  }
}

/** A published name of weights as it is, and of a path its last part. */
export function sharedSource(source: string): string {
  return source === packagedName || isHubName(source) ? source : basename(source)
}

/** The spec with its files under names that do not tell where they lay: absolute paths are replaced by their last part. */
function relocated(spec: StoredSpec): StoredSpec {
  const names = new Map<string, string>()
  const taken = new Set(Object.keys(spec.files).filter((source) => !leaves(source)))
  for (const source of Object.keys(spec.files).filter(leaves)) {
    const [stem = '', ending = ''] = basename(source.replaceAll('\\', '/')).split(/(?=\.wsban$)/)
    let name = stem + ending
    for (let number = 2; taken.has(name); number++) name = `${stem}-${number}${ending}`
    taken.add(name)
    names.set(source, name)
  }
  const named = (source: string) => names.get(source) ?? source
  return {
    ...spec,
    entry: named(spec.entry),
    files: Object.fromEntries(Object.entries(spec.files).map(([source, text]) => [named(source), text])),
    imports: spec.imports.map(({ importer, specifier, source }) => ({
      importer: named(importer),
      specifier,
      source: named(source),
    })),
  }
}

/** Whether a source is the path of a file outside the folder that its model was read in. */
function leaves(source: string): boolean {
  return isAbsolute(source) || /^[a-z]:[\\/]/i.test(source) || source.startsWith('..')
}
