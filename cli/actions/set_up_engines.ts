import type { SetupResult } from '../../runtime/engines/index.js'
import { megabytes } from '../../runtime/engines/provision/progress.js'
import type { PytorchSetupResult } from '../../runtime/pytorch/install.js'
import type { Reporter } from '../../runtime/reporter.js'

export interface SetupChoice {
  /** Whether to install the engine for NVIDIA GPUs instead of the one for CPUs. */
  readonly gpu: boolean
  /** Whether to install the CUDA libraries even without a GPU. */
  readonly cudaLibraries: boolean
}

/** Installs the native engine into the user's cache and reports the result. */
export async function runSetup(choice: SetupChoice, reporter: Reporter): Promise<SetupResult> {
  const { setupNative } = await import('../../runtime/engines/index.js')
  const result = await setupNative({
    gpu: choice.gpu,
    // By default they are installed if there is an NVIDIA driver.
    ...(choice.cudaLibraries ? { cudaLibraries: true } : {}),
    reporter,
  })
  reporter.say(describeSetup(result, choice.gpu))
  return result
}

export function describeSetup(result: SetupResult, gpu: boolean): string {
  const size = `${Math.round(result.bytes / 1e6)} MB`
  const how = result.already ? 'was there already, and works' : `is ready (${size}, ${result.seconds} s)`
  const card = !gpu ? '' : result.gpu ? '; it uses the GPU' : '; it found no NVIDIA GPU and runs on the CPU'
  return `${result.engine}, TensorFlow ${result.tensorflow}, ${how}${card}: ${result.place}`
}

/** Makes, or finds, the Python with PyTorch and says what came of it. */
export async function runPytorchSetup(gpu: boolean, reporter: Reporter): Promise<PytorchSetupResult> {
  const { setupPytorch } = await import('../../runtime/pytorch/install.js')
  const result = await setupPytorch({ gpu, reporter })
  for (const line of describePytorchSetup(result)) reporter.say(line)
  return result
}

/** In lines. */
export function describePytorchSetup(result: PytorchSetupResult): string[] {
  const { python, torch, torchvision, safetensors, devices, unusable, place, already, bytes, seconds } = result
  const how = already
    ? place === 'WSBAN_PYTHON'
      ? 'is the one that WSBAN_PYTHON names, and works'
      : 'was there already, and works'
    : `is ready (${megabytes(bytes ?? 0)}, ${seconds} s)`
  const broken = unusable.length > 0 ? `; not on ${unusable.join('; ')}` : ''
  return [
    `PyTorch ${torch} ${how}: ${python}`,
    `torchvision ${torchvision}, safetensors ${safetensors}; computes on ${devices.join(', ')}${broken}`,
  ]
}
