import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Failure } from '../failure.js'
import { distrust } from '../trusted.js'
import { pythonIn, pytorchFolder, readPytorchReady } from './environment_folder.js'
import { requirementOf } from './packages.js'
import { type NotProbed, probePytorch } from './probe.js'

/** A Python with PyTorch, tested by a computation. */
export interface PytorchEnvironment {
  /** The path or name of the program. */
  readonly python: string
  readonly torch: string
  readonly torchvision: string
  readonly safetensors: string
  /** The devices that compute: `cpu`, `cuda:0 NAME`, `mps`. */
  readonly devices: readonly string[]
  /** The devices that do not compute, each with the reason. */
  readonly unusable: readonly string[]
  /** Where it comes from: `WSBAN_PYTHON`, or the cache of `wsban setup pytorch`. */
  readonly place: 'WSBAN_PYTHON' | 'cache'
}

/** The reason why there is no Python with PyTorch. */
export interface NoPytorch {
  readonly place: 'WSBAN_PYTHON' | 'cache'
  /** One sentence. */
  readonly reason: string
  /** The next step. */
  readonly help: string
}

export interface PytorchInspection {
  /** The time limit of the test, in seconds. */
  readonly timeoutSeconds?: number
}

/** Returns the Python that `WSBAN_PYTHON` names; undefined if it is unset or empty. */
export function namedPython(): string | undefined {
  const named = process.env.WSBAN_PYTHON
  if (!named) return undefined
  // A name without a folder is searched on the PATH.
  return /[\\/]/.test(named) ? resolve(named) : named
}

/** Returns a tested Python with PyTorch; undefined if there is none. */
export async function findPytorch(options: PytorchInspection = {}): Promise<PytorchEnvironment | undefined> {
  const found = await inspectPytorch(options)
  return 'reason' in found ? undefined : found
}

/** Returns a tested Python with PyTorch. @throws Failure `pytorch-missing` with the reason and the remedy */
export async function requirePytorch(options: PytorchInspection = {}): Promise<PytorchEnvironment> {
  const found = await inspectPytorch(options)
  if (!('reason' in found)) return found
  throw new Failure({ code: 'pytorch-missing', message: found.reason, help: found.help })
}

/** Tests the Python that `WSBAN_PYTHON` names, or the one in the cache if it is unset. */
export async function inspectPytorch(options: PytorchInspection = {}): Promise<PytorchEnvironment | NoPytorch> {
  const named = namedPython()
  if (named !== undefined) {
    const probed = await probePytorch(named, options.timeoutSeconds)
    if (!probed.works) return unusableNamed(named, probed)
    return environment(named, 'WSBAN_PYTHON', probed)
  }
  const reason = existsSync(pytorchFolder()) ? distrust(pytorchFolder()) : undefined
  if (reason !== undefined) {
    return {
      place: 'cache',
      reason: `nothing is run from ${pytorchFolder()}: ${reason}`,
      help: 'remove it, and run wsban setup pytorch; or name a Python with WSBAN_PYTHON',
    }
  }
  if ((await readPytorchReady()) === undefined) {
    return {
      place: 'cache',
      reason: 'there is no Python with PyTorch',
      help: 'create one with wsban setup pytorch, or name an installed one with WSBAN_PYTHON=/path/to/python',
    }
  }
  const python = pythonIn(pytorchFolder())
  const probed = await probePytorch(python, options.timeoutSeconds)
  if (probed.works) return environment(python, 'cache', probed)
  return { place: 'cache', reason: `${python} ${probed.reason}`, help: 'recreate it with wsban setup pytorch' }
}

function environment(
  python: string,
  place: PytorchEnvironment['place'],
  { works: _, ...probed }: Omit<PytorchEnvironment, 'python' | 'place'> & { readonly works: true },
): PytorchEnvironment {
  return { python, place, ...probed }
}

function unusableNamed(python: string, { reason, isPython, lacks }: NotProbed): NoPytorch {
  const otherwise = 'or unset WSBAN_PYTHON and run wsban setup pytorch'
  const install = `${JSON.stringify(python)} -m pip install ${lacks.map((name) => `"${requirementOf(name)}"`).join(' ')}`
  const help = !isPython
    ? `name a Python's program, such as /path/to/environment/bin/python, ${otherwise}`
    : lacks.length > 0
      ? `${install}, ${otherwise}`
      : `mend it there, name another one, ${otherwise}`
  return { place: 'WSBAN_PYTHON', reason: `WSBAN_PYTHON names ${python}, which ${reason}`, help }
}
