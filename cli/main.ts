import { systemFailure } from '../runtime/failure.js'

// The entry point: it imports one small module, so that it can report why those of the program cannot be read.

try {
  await import('./program.js')
} catch (error) {
  const failure = systemFailure(error)
  if (!failure) throw error
  const { code, message, help } = failure.problem
  process.stderr.write(`error[${code}]: ${message}\n  help: ${help}\n`)
  process.exitCode = 1
}
