import { Failure } from '../runtime/failure.js'
import { type CommonOptions, Io } from './io.js'

/** Errors in the spec were shown; the command ends with exit code 1. */
export class SpecRejected extends Error {}

/** Runs a command's body: what it returns is the exit code, what it throws is shown the right way. */
export async function act(options: CommonOptions, body: (io: Io) => Promise<number | undefined>): Promise<void> {
  const io = new Io(options)
  try {
    process.exitCode = (await body(io)) ?? 0
  } catch (error) {
    if (error instanceof SpecRejected) process.exitCode = 1
    else if (error instanceof Failure) {
      io.problem(error.problem)
      process.exitCode = error.problem.exit ?? 1
    } else {
      const { reportBug } = await import('./bug.js')
      reportBug(error)
      process.exitCode = 70
    }
  }
}
