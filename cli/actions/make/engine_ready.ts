import { findEngines } from '../../../runtime/engines/index.js'
import { wheelFor } from '../../../runtime/engines/versions.js'
import { Failure } from '../../../runtime/failure.js'
import type { Io } from '../../io.js'
import { select } from '../../prompts.js'
import { runSetup } from '../set_up_engines.js'

/**
 * Installs the native engine if there is none, unless the user declines. Without it training works on WebAssembly, slower, so a failure is a warning.
 */
export async function engineReady(mayAsk: boolean, io: Io): Promise<void> {
  const native = (await findEngines()).some(({ name, available }) => available && name.startsWith('tfjs-node'))
  if (native || wheelFor('tfjs-node') === undefined) return
  if (mayAsk && io.canAsk() && !(await isWanted())) return
  io.reporter.say('installing the native engine, which trains 5 to 15 times faster (once, some 250 MB to download)')
  try {
    await runSetup({ gpu: false, cudaLibraries: false }, io.reporter)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { message, help } = error.problem
    io.reporter.warn(`the native engine could not be installed: ${message}${help ? ` (${help})` : ''}`)
    io.reporter.warn('training uses WebAssembly, on one thread')
  }
}

async function isWanted(): Promise<boolean> {
  const answer = await select('The native engine is not installed. It trains 5 to 15 times faster', [
    { value: 'yes', label: 'Install it', hint: 'some 250 MB to download, once' },
    { value: 'no', label: 'Train without it' },
  ])
  return answer === 'yes'
}
