import type { SetupResult } from '../runtime/engines/index.js'
import type { Reporter } from '../runtime/reporter.js'

export interface SetupChoice {
  /** The engine for NVIDIA cards instead of the one for processors. */
  readonly gpu: boolean
  /** CUDA's libraries even where no card is found. */
  readonly cudaLibraries: boolean
}

/** Brings the native engine into the user's cache and says what came of it. */
export async function runSetup(choice: SetupChoice, reporter: Reporter): Promise<SetupResult> {
  const { setupNative } = await import('../runtime/engines/index.js')
  const result = await setupNative({
    gpu: choice.gpu,
    // Left out, they come where there is a driver that needs them.
    ...(choice.cudaLibraries ? { cudaLibraries: true } : {}),
    reporter,
  })
  reporter.say(describeSetup(result, choice.gpu))
  return result
}

export function describeSetup(result: SetupResult, gpu: boolean): string {
  const size = `${Math.round(result.bytes / 1e6)} MB`
  const how = result.already ? 'was there already, and works' : `is ready (${size}, ${result.seconds} s)`
  const card = !gpu
    ? ''
    : result.gpu
      ? '; it uses the graphics card'
      : '; it found no NVIDIA card and computes on the processor'
  return `${result.engine}, TensorFlow ${result.tensorflow}, ${how}${card}: ${result.place}`
}
