import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { NativeName } from './engine.js'
import { type EngineFiles, engineFiles } from './engine_files.js'
import { engineFolderName } from './versions.js'

/** The folder for what wsban fetches and can fetch again: `WSBAN_CACHE`, or the system's place for caches. */
export function cacheRoot(): string {
  const own = process.env.WSBAN_CACHE
  if (own) return resolve(own)
  const shared = process.env.XDG_CACHE_HOME
  if (shared) return resolve(shared, 'wsban')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'wsban')
  if (process.platform === 'win32')
    return join(process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'wsban', 'cache')
  return join(homedir(), '.cache', 'wsban')
}

export function enginesRoot(): string {
  return join(cacheRoot(), 'engines')
}

/** Where a provisioned engine lies. It comes there by one rename, complete or not at all. */
export function engineFolder(name: NativeName): string {
  return join(enginesRoot(), engineFolderName(name))
}

/** Written last into a provisioned engine. */
export const readyFile = 'ready.json'

export interface Ready {
  readonly tensorflow: string
  /** Whether CUDA's libraries were fetched with it. */
  readonly cuda: boolean
  readonly compiler: string
  readonly bytes: number
  /** Hashes of the files that are loaded into this process, taken when the engine was tried. Engines of earlier versions have none. */
  readonly files?: EngineFiles
}

const ready: z.ZodType<Ready> = z.object({
  tensorflow: z.string(),
  cuda: z.boolean(),
  compiler: z.string(),
  bytes: z.number(),
  files: engineFiles.exactOptional(),
})

/** Reads the description of a provisioned engine; undefined if there is none. */
export async function readReady(name: NativeName): Promise<Ready | undefined> {
  try {
    return ready.parse(JSON.parse(await readFile(join(engineFolder(name), readyFile), 'utf8')))
  } catch {
    return undefined
  }
}
