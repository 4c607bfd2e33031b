import { Failure, systemFailure } from '../runtime/failure.js'
import { type CommonOptions, Io, OutputClosed } from './io.js'
import { Cancelled } from './prompts.js'

/** Errors in the spec were shown; the command ends with exit code 1. */
export class SpecRejected extends Error {}

/** Runs a command's body, which returns the exit code, and shows errors that it throws. */
export async function act(options: CommonOptions, body: (io: Io) => Promise<number | undefined>): Promise<void> {
  const io = new Io(options)
  try {
    process.exitCode = (await body(io)) ?? 0
  } catch (error) {
    process.exitCode = error instanceof SpecRejected || error instanceof OutputClosed ? 1 : await tell(error, io)
  }
}

async function memoryFailure(error: unknown): Promise<Failure | undefined> {
  const { outOfMemory } = await import('../runtime/engines/memory.js')
  return outOfMemory(error)
}

/** Shows an error and returns the exit code: 70 for a bug in wsban. */
async function tell(error: unknown, io: Io): Promise<number> {
  if (error instanceof Cancelled) return 130
  const failure = error instanceof Failure ? error : (systemFailure(error) ?? (await memoryFailure(error)))
  if (failure) {
    io.problem(failure.problem, failure.cause)
    return failure.problem.exit ?? 1
  }
  const { reportBug } = await import('./bug.js')
  reportBug(error)
  return 70
}
