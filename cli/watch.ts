import { type FSWatcher, watch } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { Failure } from '../runtime/failure.js'
import type { Io } from './io.js'

/** Editors write a file in several steps. */
const settled = 100

/**
 * Runs `work`, and again whenever one of its input files changes, until Ctrl-C. `work` returns the files; if it throws a Failure, it is shown, and
 * the previous files are watched.
 */
export async function repeatOnChange(
  files: readonly string[],
  work: () => Promise<readonly string[]>,
  io: Io,
): Promise<number> {
  let watched: ReadonlySet<string> = new Set(files.map((file) => resolve(file)))
  const watchers = new Map<string, FSWatcher>()
  let timer: NodeJS.Timeout | undefined
  await new Promise<void>((end, fail) => {
    const once = async () => {
      try {
        watched = new Set([...files, ...(await work())].map((file) => resolve(file)))
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        io.problem(error.problem)
      }
      // Watches folders, because many editors replace a file by a new one.
      for (const folder of new Set([...watched].map((file) => dirname(file))))
        if (!watchers.has(folder))
          watchers.set(
            folder,
            watch(folder, (_, name) => changed(resolve(folder, name ?? ''))),
          )
    }
    const changed = (path: string) => {
      if (!watched.has(path)) return
      clearTimeout(timer)
      timer = setTimeout(() => {
        io.reporter.say('')
        io.reporter.say(`${relative('.', path)} changed`)
        once().catch(fail)
      }, settled)
    }
    process.once('SIGINT', end)
    once().then(() => io.reporter.say(`watching ${files.join(', ')} and what is imported; Ctrl-C ends`), fail)
  }).finally(() => {
    clearTimeout(timer)
    for (const watcher of watchers.values()) watcher.close()
  })
  return 130
}
