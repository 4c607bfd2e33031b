import { systemFailure } from '../runtime/failure.js'
import { enableCompileCache } from './compile_cache.js'

// The entry point. It imports only few small modules, so that it can report why other modules cannot be read.

try {
  enableCompileCache()
  await import('./program.js')
} catch (error) {
  const failure = systemFailure(error)
  if (!failure) throw error
  const { code, message, help } = failure.problem
  process.stderr.write(`error[${code}]: ${message}\n  help: ${help}\n`)
  process.exitCode = 1
}
