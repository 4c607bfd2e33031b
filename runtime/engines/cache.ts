import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import * as z from 'zod'
import type { NativeName } from './engine.js'
import { type EngineFiles, engineFiles } from './engine_files.js'
import { engineFolderName } from './versions.js'

/** The folder for downloads and builds, all of which can be made again: `WSBAN_CACHE`, or the system's cache folder. */
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

/** The folder of a provisioned engine. It is renamed into place when it is complete. */
export function engineFolder(name: NativeName): string {
  return join(enginesRoot(), engineFolderName(name))
}

/** The name of the file that is written last into a provisioned engine. */
export const readyFile = 'ready.json'

export interface Ready {
  readonly tensorflow: string
  /** Whether the CUDA libraries were downloaded. */
  readonly cuda: boolean
  readonly compiler: string
  readonly bytes: number
  /** Hashes of the files that the process loads, recorded when the engine was tested. Engines of earlier versions have none. */
  readonly files?: EngineFiles
}

const ready: z.ZodType<Ready> = z.object({
  tensorflow: z.string(),
  cuda: z.boolean(),
  compiler: z.string(),
  bytes: z.number(),
  files: engineFiles.exactOptional(),
})

/** Reads a provisioned engine's ready file. Returns undefined if there is none. */
export async function readReady(name: NativeName): Promise<Ready | undefined> {
  try {
    return ready.parse(JSON.parse(await readFile(join(engineFolder(name), readyFile), 'utf8')))
  } catch {
    return undefined
  }
}
