import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { cacheRoot } from '../engines/cache.js'

/** The virtual environment that `wsban setup pytorch` makes. */
export function pytorchFolder(): string {
  return join(cacheRoot(), `pytorch-${process.platform}-${process.arch}`)
}

/** The program in a virtual environment. */
export function pythonIn(folder: string): string {
  return process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python')
}

/** Written last into the environment, when it has been seen to work: without it nothing there is used. */
export const readyFile = 'ready.json'

const ready = z.object({ bytes: z.number() })

export type PytorchReady = Readonly<z.infer<typeof ready>>

/** Reads the description of the environment in the cache; undefined if it is missing or incomplete. */
export async function readPytorchReady(): Promise<PytorchReady | undefined> {
  try {
    return ready.parse(JSON.parse(await readFile(join(pytorchFolder(), readyFile), 'utf8')))
  } catch {
    return undefined
  }
}
