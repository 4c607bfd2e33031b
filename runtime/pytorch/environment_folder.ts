import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { cacheRoot } from '../cache_root.js'

/** Returns the folder of the virtual environment that `wsban setup pytorch` makes. */
export function pytorchFolder(): string {
  return join(cacheRoot(), `pytorch-${process.platform}-${process.arch}`)
}

/** Returns the path of Python in a virtual environment. */
export function pythonIn(folder: string): string {
  return process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python')
}

/** The name of the file that is written into the environment after it was tested. An environment without it is not used. */
export const readyFile = 'ready.json'

const ready = z.object({ bytes: z.number() })

export type PytorchReady = Readonly<z.infer<typeof ready>>

/** Reads the ready file of the environment in the cache. Returns undefined if it is missing or incomplete. */
export async function readPytorchReady(): Promise<PytorchReady | undefined> {
  try {
    return ready.parse(JSON.parse(await readFile(join(pytorchFolder(), readyFile), 'utf8')))
  } catch {
    return undefined
  }
}
