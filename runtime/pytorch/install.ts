import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheRoot } from '../cache_root.js'
import { hasNvidiaDriver } from '../engines/provision/cuda.js'
import { megabytes, reportingProgress, secondsSince, sizeOfFolder } from '../engines/provision/progress.js'
import { run } from '../engines/provision/run.js'
import { makeCacheFolder, requireSpace } from '../engines/provision/space.js'
import { Failure } from '../failure.js'
import { writeAtomically } from '../files.js'
import { withLock } from '../lock.js'
import type { Reporter } from '../reporter.js'
import { type BasePython, requireBasePython } from './base_python.js'
import { inspectPytorch, namedPython, type PytorchEnvironment, requirePytorch } from './environment.js'
import { pythonIn, pytorchFolder, readPytorchReady, readyFile } from './environment_folder.js'
import { pytorchPackageNames, requirementOf } from './packages.js'
import { type PytorchPlan, planPytorch } from './plan.js'
import { probePytorch } from './probe.js'

export interface PytorchSetupOptions {
  /** Whether a GPU is required. */
  readonly gpu: boolean
  readonly reporter: Reporter
}

export interface PytorchSetupResult extends PytorchEnvironment {
  readonly engine: 'pytorch'
  /** Whether a working environment existed before. */
  readonly already: boolean
  /** Whether a GPU computes. */
  readonly gpu: boolean
  /** The size on disk in bytes; unknown for a Python that `WSBAN_PYTHON` names. */
  readonly bytes?: number
  readonly seconds: number
}

/**
 * Creates a virtual environment with PyTorch in the per-user cache, unless a working one exists. If `WSBAN_PYTHON` names a Python, it is tested
 * instead, and nothing is created.
 *
 * @throws Failure
 */
export async function setupPytorch(options: PytorchSetupOptions): Promise<PytorchSetupResult> {
  const result = namedPython() === undefined ? await setupInCache(options) : await testNamed()
  if (options.gpu && !result.gpu) throw gpuMissing(result)
  return result
}

async function testNamed(): Promise<PytorchSetupResult> {
  const began = performance.now()
  return resultOf(await requirePytorch(), { already: true, seconds: secondsSince(began) })
}

async function setupInCache(options: PytorchSetupOptions): Promise<PytorchSetupResult> {
  const { reporter } = options
  await makeCacheFolder(cacheRoot())
  const waiting = (holder: string) => reporter.say(`another setup of PyTorch is running (${holder}); waiting for it`)
  return withLock(
    `${pytorchFolder()}.lock`,
    waiting,
    async () => (await existingEnvironment()) ?? (await provision(options)),
  )
}

async function existingEnvironment(): Promise<PytorchSetupResult | undefined> {
  const began = performance.now()
  const ready = await readPytorchReady()
  if (ready === undefined) return undefined
  const found = await inspectPytorch()
  if ('reason' in found) return undefined
  return resultOf(found, { already: true, bytes: ready.bytes, seconds: secondsSince(began) })
}

function resultOf(
  environment: PytorchEnvironment,
  details: Pick<PytorchSetupResult, 'already' | 'bytes' | 'seconds'>,
): PytorchSetupResult {
  const gpu = environment.devices.some((device) => device !== 'cpu')
  return { engine: 'pytorch', ...environment, gpu, ...details }
}

async function provision({ gpu, reporter }: PytorchSetupOptions): Promise<PytorchSetupResult> {
  const began = performance.now()
  const base = await requireBasePython()
  if (gpu && process.platform === 'linux' && !hasNvidiaDriver())
    reporter.warn('no NVIDIA driver found: PyTorch will compute on the CPU')
  const folder = pytorchFolder()
  // Removes an environment that is incomplete or no longer works.
  await rm(folder, { recursive: true, force: true })
  try {
    return await provisionIn(folder, base, began, reporter)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function provisionIn(
  folder: string,
  base: BasePython,
  began: number,
  reporter: Reporter,
): Promise<PytorchSetupResult> {
  reporter.progress('creating a virtual environment')
  const made = await run(base.program, ['-m', 'venv', folder], { timeoutSeconds: 600 })
  if (made.status !== 0) {
    throw new Failure({
      code: 'venv-failed',
      message: `${base.program} could not make a virtual environment in ${folder}: ${made.summary}`,
      help: 'WSBAN_PYTHON=/path/to/python names a Python that has PyTorch',
      path: folder,
    })
  }
  const python = pythonIn(folder)
  reporter.progress('querying pip for available versions')
  const plan = await planPytorch(python, base.version)
  await requireSpace(folder, plan.needed, 'setting up PyTorch')
  reporter.say(describePlan(plan, folder))
  // The system's temporary folder is often smaller than a wheel.
  const temporary = join(folder, 'temporary')
  await mkdir(temporary)
  const environment = { ...process.env, TMPDIR: temporary, TEMP: temporary }
  const args = ['-m', 'pip', 'install', '--quiet', '--no-compile', '--disable-pip-version-check']
  const installed = await reportingProgress(
    reporter,
    'fetching and unpacking PyTorch',
    undefined,
    () => sizeOfFolder(folder),
    () => run(python, [...args, ...pytorchPackageNames.map(requirementOf)], { environment, timeoutSeconds: 4 * 3600 }),
  )
  if (installed.status !== 0) {
    throw new Failure({
      code: 'pytorch-not-installed',
      message: `pip could not install PyTorch: ${installed.timedOut ? 'it took longer than four hours' : installed.summary}`,
      help: 'check that pip reaches its index and that the disk has room, then run the command again',
      path: folder,
    })
  }
  await rm(temporary, { recursive: true, force: true })

  reporter.progress('testing it')
  const probed = await probePytorch(python)
  if (!probed.works) {
    throw new Failure({
      code: 'pytorch-does-not-work',
      message: `PyTorch was installed, but ${python} ${probed.reason}`,
      help: 'name a Python that has it with WSBAN_PYTHON=/path/to/python; wsban train also works without it',
      path: folder,
    })
  }
  const bytes = await sizeOfFolder(folder)
  await writeAtomically(join(folder, readyFile), `${JSON.stringify({ bytes }, null, 2)}\n`)
  const { works: _, ...found } = probed
  return resultOf({ python, place: 'cache', ...found }, { already: false, bytes, seconds: secondsSince(began) })
}

function describePlan({ torch, cards, bytes }: PytorchPlan, folder: string): string {
  const subject = `PyTorch${torch === undefined ? '' : ` ${torch}`}${cards ? ' with GPU libraries' : ''}`
  const cheaper = cards ? '; where pip is configured for an index with builds for processors, it is 1 GB' : ''
  return `${subject} comes into ${folder}: some ${megabytes(bytes)}${cheaper}`
}

function gpuMissing({ python, torch, unusable, place }: PytorchSetupResult): Failure {
  const cpuBuild = torch.endsWith('+cpu')
  const why = [...(cpuBuild ? ['it is a build for processors'] : []), ...unusable]
  const remedy = !cpuBuild
    ? "install or update the card's driver"
    : place === 'cache'
      ? `let pip take a build for cards, remove ${pytorchFolder()}, and run the command again`
      : 'install a build for cards there'
  return new Failure({
    code: 'no-graphics-card',
    message: `PyTorch ${torch} is there and works, but finds no usable GPU${why.length > 0 ? ` (${why.join('; ')})` : ''}`,
    help: `${remedy}; or leave --gpu out: everything runs on the CPU, more slowly`,
    path: python,
  })
}
