import { existsSync } from 'node:fs'
import { Failure } from '../../runtime/failure.js'
import { dataOf, lastRun } from '../../runtime/runs/find.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { specFile } from '../../runtime/specs/spec_file.js'
import type { Io } from '../io.js'

/** Returns the run for a command: the given one, or the last one here, which is reported. @throws Failure `no-run` */
export async function runInUse(given: string | undefined, io: Io): Promise<string> {
  if (given !== undefined) return given
  const run = await lastRun()
  io.reporter.say(`run: ${run}, the last one here`)
  return run
}

/** Returns the path of the images: the given one, or that of the run's training data. @throws Failure `wrong-usage` if there is none */
export async function imagesInUse(given: string | undefined, source: string, io: Io): Promise<string> {
  if (given !== undefined) return given
  if (!existsSync(specFile(source)))
    throw new Failure({
      code: 'wrong-usage',
      message: `there is no run, exported file or model called ${source}`,
      help: 'leave it out for the last run here',
      exit: 2,
    })
  if (!RunFolder.exists(source))
    throw new Failure({
      code: 'wrong-usage',
      message: `which images? ${source} is not a run, which would remember its own`,
      help: 'add --data with a folder or a list of images',
      exit: 2,
    })
  const data = dataOf(await RunFolder.open(source))
  io.reporter.say(`images: ${data}, as in training`)
  return data
}
