import { run } from '../engines/provision/run.js'
import { Failure } from '../failure.js'

/** The build of PyTorch that pip will install, and its size. */
export interface PytorchPlan {
  /** The version of torch that pip offers, such as `2.15.0`; undefined if pip is too old to tell. */
  readonly torch: string | undefined
  /** Whether it is a build with GPU libraries. */
  readonly cards: boolean
  /** The size of the installed packages in bytes. */
  readonly bytes: number
  /** The peak disk use of the installation in bytes: downloads, pip's copy of them, and the unpacked packages. */
  readonly needed: number
}

/**
 * Asks pip which build of torch it would install, so that its size can be announced. `--dry-run` is not suitable: with an index that does not
 * serve metadata separately, it downloads the packages. @throws Failure `pytorch-not-offered`
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

/** @param torch a version such as `2.15.0+cu132`; without a local version it is PyTorch's default build, which has the NVIDIA libraries on Linux */
export function planFor(torch: string | undefined, platform: NodeJS.Platform = process.platform): PytorchPlan {
  const kind = torch?.split('+')[1]
  const cards = kind === undefined ? platform === 'linux' : kind !== 'cpu'
  return cards ? { torch, cards, bytes: 6e9, needed: 12e9 } : { torch, cards, bytes: 1.2e9, needed: 2e9 }
}
