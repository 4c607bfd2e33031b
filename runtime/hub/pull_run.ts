import { constants, copyFile, mkdir, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure } from '../failure.js'
import { hasCode, kindOf, makeFolder, syncFolder, temporaryBeside } from '../files.js'
import { parsedJson } from '../parsed_json.js'
import type { Reporter } from '../reporter.js'
import { RunFolder } from '../runs/folder.js'
import { runFile } from '../runs/info.js'
import { openSafetensors } from '../weights/formats/safetensors.js'
import { fetchFromHub, type HubSettings } from '../weights/hub.js'
import { sharedFiles, weightsIn } from './shared_run.js'

/** Beside the files of the run. */
export const exportedName = 'model.onnx'
export const cardName = 'README.md'

/** Bytes of the largest text that a published run holds: a log of millions of steps. */
const longestText = 256 * 2 ** 20

export interface PullRequest {
  readonly repository: string
  /** A branch, a tag or a commit. */
  readonly revision: string
  /** A folder that is not there yet, or is empty. */
  readonly folder: string
}

export interface PulledRun {
  readonly commit: string
  readonly files: readonly string[]
}

/**
 * Fetches a published run. Only files that a published run has are asked for, by their names: whatever else the repository holds is not
 * looked at. All of them belong to one commit, their hashes are checked, and the folder appears whole, by one rename.
 *
 * @throws Failure `folder-not-empty`, `hub-no-run`, and those of `fetchFromHub`
 */
export async function pullRun(
  { repository, revision, folder }: PullRequest,
  reporter: Reporter,
  settings: HubSettings,
): Promise<PulledRun> {
  await requireFree(folder)
  const described = await fetchFromHub(
    { repository, file: sharedFiles.info, revision, most: longestText },
    reporter,
    settings,
  )
  if (!described) throw noRun(repository, `it has no ${sharedFiles.info}`)
  const { commit } = described
  const info = runFile.safeParse(parsedJson(await readFile(described.path, 'utf8'))).data
  const checkpoint = info?.best ?? info?.last
  if (checkpoint === undefined)
    throw noRun(repository, `its ${sharedFiles.info} is not one that this version of wsban reads`)
  const fetched = async (file: string, most?: number) => {
    const request = { repository, file, revision: commit, ...(most !== undefined && { most }) }
    return (await fetchFromHub(request, reporter, settings))?.path
  }
  const weights = await fetched(sharedFiles.weights)
  if (weights === undefined) throw noRun(repository, `it has no ${sharedFiles.weights}`)
  await openSafetensors(weights).close()
  const places: [from: string, name: string][] = [[described.path, sharedFiles.info]]
  for (const name of [sharedFiles.spec, sharedFiles.log, sharedFiles.calibration, cardName]) {
    const path = await fetched(name, longestText)
    if (path !== undefined) places.push([path, name])
  }
  const exported = await fetched(exportedName)
  if (exported !== undefined) places.push([exported, exportedName])
  const temporary = temporaryBeside(folder)
  try {
    await makeFolder(dirname(temporary))
    await mkdir(temporary)
    for (const [from, name] of places) await copy(from, join(temporary, name))
    const place = weightsIn(temporary, checkpoint)
    await makeFolder(dirname(place))
    await copy(weights, place)
    await RunFolder.open(temporary)
    // Windows does not rename onto a folder, though it is empty.
    await rmdir(folder).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) throw error
    })
    await rename(temporary, folder)
    await syncFolder(dirname(folder))
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
  return { commit, files: [...places.map(([, name]) => name), sharedFiles.weights].sort() }
}

async function copy(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE)
}

/** @throws Failure `folder-not-empty` */
async function requireFree(folder: string): Promise<void> {
  const kind = await kindOf(folder)
  if (kind === undefined) return
  if (kind === 'folder' && (await readdir(folder)).length === 0) return
  throw new Failure({
    code: 'folder-not-empty',
    message: `${folder} exists already${kind === 'folder' ? ' and is not empty' : ''}`,
    help: 'choose a new folder with -o; nothing was changed',
    path: folder,
    exit: 2,
  })
}

function noRun(repository: string, reason: string): Failure {
  return new Failure({
    code: 'hub-no-run',
    message: `${repository} is not a run that wsban published: ${reason}`,
    help: `--weights ${repository} takes the weights of other repositories`,
  })
}
