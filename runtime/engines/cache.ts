import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { cacheRoot } from '../cache_root.js'
import type { NativeName } from './engine.js'
import { type EngineFiles, engineFiles } from './engine_files.js'
import { engineFolderName } from './versions.js'

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
