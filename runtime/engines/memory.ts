import { Failure, reasonOf } from '../failure.js'

/**
 * What an engine threw, as a problem with a next step, when it ran out of memory: WebAssembly can have 4 GB and aborts beyond,
 * TensorFlow says what it could not allocate. Undefined for everything else.
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
