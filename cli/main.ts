import { systemFailure } from '../runtime/failure.js'

// What starts: it needs one small module, so that it is there to say why those of the program cannot be read.

try {
  await import('./program.js')
} catch (error) {
  const failure = systemFailure(error)
  if (!failure) throw error
  const { code, message, help } = failure.problem
  process.stderr.write(`error[${code}]: ${message}\n  help: ${help}\n`)
  process.exitCode = 1
}
