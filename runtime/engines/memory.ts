import { Failure, reasonOf } from '../failure.js'

/**
 * Converts an engine's out-of-memory error to a Failure that suggests a smaller batch. WebAssembly aborts beyond 4 GB; TensorFlow names the
 * allocation that failed. Returns undefined for all other errors.
 */
export function outOfMemory(thrown: unknown): Failure | undefined {
  const reason = reasonOf(thrown)
  const webAssembly = /^Aborted\(|Cannot enlarge memory|out of bounds/.test(reason)
  if (!webAssembly && !/OOM when allocating|failed to allocate|Array buffer allocation failed|bad_alloc/i.test(reason))
    return undefined
  return new Failure(
    {
      code: 'out-of-memory',
      message: webAssembly
        ? 'WebAssembly ran out of its 4 GB of memory'
        : `the engine ran out of memory: ${reason.split('\n')[0]}`,
      help: webAssembly
        ? 'take a smaller batch (--batch), or get the native engine with wsban setup'
        : 'take a smaller batch (--batch)',
    },
    { cause: thrown },
  )
}
