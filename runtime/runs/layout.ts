import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../failure.js'
import { hasCode, kindOf, listed, processOfTemporary } from '../files.js'
import { isLock } from '../lock.js'
import { validationFile } from './validation_predictions.js'

/** The entries of a run folder, by kind. */
const ownNames: Readonly<Record<string, 'file' | 'folder'>> = {
  'run.json': 'file',
  'model.wsban': 'file',
  'log.jsonl': 'file',
  'images.json': 'file',
  'calibration.json': 'file',
  [validationFile]: 'file',
  lock: 'file',
  checkpoints: 'folder',
  tensorboard: 'folder',
}

/** Marks a folder from before the first file of a new run until run.json is written: files left by an interruption then belong to the run. */
export const unfinishedFile = '.wsban-unfinished'

/** The first checkpoint of every run. */
const firstCheckpoint = 'epoch-0000'

/**
 * Checks that a folder for a new run does not exist, is empty, or only has files of an interrupted start of a run. @throws Failure
 * `folder-not-empty`, with its contents
 */
export async function requireEmpty(path: string): Promise<void> {
  const foreign = await foreignNames(path)
  if (foreign.length === 0) return
  throw new Failure({
    code: 'folder-not-empty',
    message: `${path} is not a run, and holds ${listed(foreign)}`,
    help: 'choose a new folder with -o, such as runs/first, or move what is there to another place; nothing was changed',
    path,
    exit: 2,
  })
}

async function foreignNames(path: string): Promise<string[]> {
  const names = await readdir(path).catch((error: unknown): string[] => {
    if (hasCode(error, 'ENOENT')) return []
    if (!hasCode(error, 'ENOTDIR')) throw error
    throw new Failure({
      code: 'folder-not-empty',
      message: `${path} is a file`,
      help: 'choose a new folder with -o',
      path,
      exit: 2,
    })
  })
  const begun = names.includes(unfinishedFile) && (await kindOf(join(path, unfinishedFile))) === 'file'
  const foreign: string[] = []
  for (const name of names.sort()) if (!(await isLeftOver(path, name, begun))) foreign.push(name)
  return foreign
}

async function isLeftOver(path: string, name: string, begun: boolean): Promise<boolean> {
  const place = join(path, name)
  const kind = await kindOf(place)
  if (kind === 'file') {
    if (processOfTemporary(name) !== undefined || name === unfinishedFile) return true
    if (/^lock(\.[0-9a-f]{16})*$/.test(name)) {
      const text = await readFile(place, 'utf8')
      return text === '' || isLock(text)
    }
    return begun && name === 'model.wsban'
  }
  if (kind !== 'folder' || name !== 'checkpoints') return false
  const inner = await readdir(place)
  return inner.every((one) => begun && (one === firstCheckpoint || processOfTemporary(one) !== undefined))
}

/**
 * Training modifies, truncates and removes files in a run folder, which may come from an untrusted source: it must not follow a link out of it.
 * @throws Failure `run-holds-link`
 */
export async function refuseLinks(path: string): Promise<void> {
  for (const [name, expected] of Object.entries(ownNames)) {
    const place = join(path, name)
    const kind = await kindOf(place)
    if (kind === undefined || kind === expected) continue
    throw new Failure({
      code: 'run-holds-link',
      message: `${place} is ${kind === 'link' ? 'a link' : `not a ${expected}`}, and training writes only within the run's own folder`,
      help: `put a ${expected} there (for a link, copy its target)`,
      path: place,
    })
  }
}
