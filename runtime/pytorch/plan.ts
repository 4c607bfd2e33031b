import { run } from '../engines/provision/run.js'
import { Failure } from '../failure.js'

/** The packages that pip will install. */
export interface PytorchPlan {
  /** The latest build of torch that it offers: `2.15.0`. Undefined where pip is too old to say. */
  readonly torch: string | undefined
  /** Whether it is a build for graphics cards, with their libraries. */
  readonly cards: boolean
  /** The size of the installed packages. */
  readonly bytes: number
  /** The peak disk use of the installation: downloads, pip's copy of them, and the unpacked packages. */
  readonly needed: number
}

/**
 * Asks pip which build of torch it would take, so that gigabytes are announced. Its `--dry-run` is no way to ask: with an index
 * that does not offer packages' metadata apart it fetches all of them. @throws Failure `pytorch-not-offered`
 */
export async function planPytorch(python: string, version: string): Promise<PytorchPlan> {
  const args = ['-m', 'pip', 'index', 'versions', 'torch', '--disable-pip-version-check']
  const result = await run(python, args, { timeoutSeconds: 900 })
  if (/unknown command/.test(result.errors)) return planFor(undefined)
  const latest = /^torch \((\S+)\)/m.exec(result.output)?.[1]
  if (result.status === 0 && latest !== undefined) return planFor(latest)
  throw new Failure({
    code: 'pytorch-not-offered',
    message: `pip offers no torch for Python ${version}: ${result.summary}`,
    help: 'check that pip reaches its index (pip download torch --no-deps), and that this Python is neither too old nor too new for PyTorch; WSBAN_PYTHON=/path/to/python names another one that has it',
  })
}

/** @param torch such as `2.15.0+cu132`; without a word after the plus it is the build that PyTorch gives everybody: for NVIDIA's cards on Linux */
export function planFor(torch: string | undefined, platform: NodeJS.Platform = process.platform): PytorchPlan {
  const kind = torch?.split('+')[1]
  const cards = kind === undefined ? platform === 'linux' : kind !== 'cpu'
  return cards ? { torch, cards, bytes: 6e9, needed: 12e9 } : { torch, cards, bytes: 1.2e9, needed: 2e9 }
}
