import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { Failure } from '../failure.js'
import { hasCode } from '../files.js'
import { RunFolder } from './folder.js'
import type { RunInfo } from './info.js'

/** The folder of runs by default. */
const runsFolder = 'runs'

/** The suffix of the folder that `wsban make` writes next to the folder of images. */
export const madeEnding = '-wsban'
export const madeRun = 'run'

/** Returns the runs of a folder, most recently written first: the folder itself, those directly in it and in runs/, and those of `wsban make`. */
export async function runsIn(folder = '.'): Promise<string[]> {
  const [inner, inRuns] = [await foldersIn(folder), await foldersIn(join(folder, runsFolder))]
  const made = inner.filter((path) => path.endsWith(madeEnding)).map((path) => join(path, madeRun))
  const runs = [folder, ...inner, ...inRuns, ...made].filter((path) => RunFolder.exists(path))
  const timed = await Promise.all(
    runs.map(async (path) => ({ path, time: (await stat(join(path, 'run.json'))).mtimeMs })),
  )
  return timed.sort((a, b) => b.time - a.time).map(({ path }) => path)
}

/** Returns the most recently written run. @throws Failure `no-run` */
export async function lastRun(folder = '.'): Promise<string> {
  const [latest] = await runsIn(folder)
  if (latest !== undefined) return latest
  throw new Failure({
    code: 'no-run',
    message: 'there is no run here',
    help: 'name a run, or make one: wsban make PHOTOS, or wsban train wsban_lite --data PHOTOS',
    exit: 2,
  })
}

/** Returns the first of runs/NAME-1, runs/NAME-2, ... that does not exist. */
export function freeRunPath(name: string): string {
  for (let number = 1; ; number++) {
    const path = join(runsFolder, `${name}-${number}`)
    if (!existsSync(path)) return path
  }
}

/** Returns the path of a run's images relative to its folder, so that a project can be moved as a whole. */
export function dataSeenFrom(run: string, data: string): string {
  return relative(resolve(run), resolve(data))
}

/** Returns the path of the images that a run was trained on, relative to the working directory. */
export function dataOf({ path, info }: { readonly path: string; readonly info: RunInfo }): string {
  const { data, dataFromRun } = info
  if (dataFromRun === undefined || isAbsolute(data)) return data
  const place = resolve(path, dataFromRun)
  return resolve(data) === place || (!existsSync(place) && existsSync(data)) ? data : relative('.', place) || '.'
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name))
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return []
    throw error
  }
}
