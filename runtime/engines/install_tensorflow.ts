import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../failure.js'
import { withLock } from '../lock.js'
import type { Reporter } from '../reporter.js'
import { engineFolder, enginesRoot, type Ready, readReady, readyFile } from './cache.js'
import type { NativeName } from './engine.js'
import { recordFiles } from './engine_files.js'
import { packageAt, packageFolderIn, provisionedPackage } from './native_package.js'
import { probe } from './probe.js'
import { compileAddon, requireCompiler } from './provision/compile.js'
import { addCudaLibraries, hasNvidiaDriver } from './provision/cuda.js'
import { installPackages } from './provision/packages.js'
import { requirePip } from './provision/pip.js'
import { megabytes, reportingProgress, secondsSince, sizeOfFolder } from './provision/progress.js'
import { makeCacheFolder, requireSpace } from './provision/space.js'
import { unpackWheel } from './provision/unpack.js'
import { fetchWheel } from './provision/wheel.js'
import { engineFolderName, tensorflowVersion, type Wheel, wheelFor } from './versions.js'

export interface SetupOptions {
  /** Sets up the engine for NVIDIA GPUs instead of the one for CPUs. */
  readonly gpu: boolean
  /** Whether to download the CUDA libraries; by default, if there is an NVIDIA driver. */
  readonly cudaLibraries?: boolean
  readonly reporter: Reporter
}

export interface SetupResult {
  readonly engine: NativeName
  readonly tensorflow: string
  readonly place: string
  /** Whether a working engine existed before. */
  readonly already: boolean
  /** Whether a GPU is available and used. */
  readonly gpu: boolean
  readonly bytes: number
  readonly seconds: number
}

/**
 * Sets up the native engine in the per-user cache: the TensorFlow.js package from npm, TensorFlow's library from a Python wheel, and the addon
 * that connects them, which is compiled on this machine. The engine is built in a temporary folder and renamed into place after it has been tested,
 * so other processes see a complete engine or none. After an interruption, complete downloads are reused.
 */
export async function setupNative(options: SetupOptions): Promise<SetupResult> {
  const { reporter } = options
  const name: NativeName = options.gpu ? 'tfjs-node-gpu' : 'tfjs-node'
  const wheel = wheelFor(name)
  if (wheel === undefined) {
    throw new Failure({
      code: 'engine-not-for-this-machine',
      message: `there is no way to build ${name} for ${process.platform} on ${process.arch}`,
      help: `install @tensorflow/${name} yourself in a folder that WSBAN_NODE_MODULES names, or use --engine wasm`,
    })
  }
  const cuda = options.gpu && (options.cudaLibraries ?? hasNvidiaDriver())
  const root = enginesRoot()
  await makeCacheFolder(root)
  const waiting = (holder: string) => reporter.say(`another setup of ${name} is running (${holder}); waiting for it`)
  return withLock(join(root, `${engineFolderName(name)}.lock`), waiting, async () => {
    return (await existingEngine(name, cuda)) ?? (await provision(name, wheel, cuda, reporter))
  })
}

async function existingEngine(name: NativeName, cuda: boolean): Promise<SetupResult | undefined> {
  const began = performance.now()
  const ready = await readReady(name)
  const native = (await provisionedPackage(name))?.native
  if (ready === undefined || native === undefined || (cuda && !ready.cuda)) return undefined
  const probed = await probe(native)
  if (!probed.works) return undefined
  return {
    engine: name,
    tensorflow: probed.tensorflow,
    place: engineFolder(name),
    already: true,
    gpu: probed.gpu,
    bytes: ready.bytes,
    seconds: secondsSince(began),
  }
}

async function provision(name: NativeName, wheel: Wheel, cuda: boolean, reporter: Reporter): Promise<SetupResult> {
  const began = performance.now()
  const root = enginesRoot()
  const work = join(root, `${engineFolderName(name)}.work`)
  const downloads = join(root, `${engineFolderName(name)}.downloads`)
  // Missing tools are reported before the large download.
  await Promise.all([requirePip(), requireCompiler()])
  // The wheel and its unpacked contents, about three times as large; the same for the CUDA packages.
  await requireSpace(root, wheel.bytes * 4 + (cuda ? 6e9 : 0), 'setting up the engine')
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true, mode: 0o700 })

  reporter.progress(`installing @tensorflow/${name}`)
  await installPackages(work, name)
  reporter.say(`npm packages of ${name} installed (${secondsSince(began)} s)`)

  const fetching = performance.now()
  const file = await fetchWheel(wheel, downloads, reporter)
  reporter.say(`${wheel.requirement}: ${megabytes(wheel.bytes)} (${secondsSince(fetching)} s)`)

  const packageFolder = packageFolderIn(work, name)
  const dependencies = join(packageFolder, 'deps')
  await unpackTensorflow(file, dependencies, reporter)
  if (cuda) await addCudaLibraries(file, downloads, dependencies, reporter)

  const compiling = performance.now()
  const compiler = await requireCompiler()
  reporter.progress('compiling the addon')
  await compileAddon(compiler, packageFolder, join(work, 'node_modules'))
  reporter.say(`addon compiled by ${compiler.version} (${secondsSince(compiling)} s)`)

  reporter.progress('testing it')
  const native = packageAt(name, packageFolder, true)
  const probed =
    native === undefined
      ? ({ works: false, reason: 'the addon is not where it should be' } as const)
      : await probe(native)
  if (!probed.works) {
    throw new Failure({
      code: 'engine-does-not-work',
      message: `the engine was built but does not work here: ${probed.reason}`,
      help: 'it needs glibc of 2014 or later (not musl) and a processor with AVX; otherwise use --engine wasm',
      path: work,
    })
  }
  const ready: Ready = {
    tensorflow: probed.tensorflow,
    cuda,
    compiler: compiler.version,
    bytes: await sizeOfFolder(work),
    files: recordFiles(work, [...probed.modules, ...(await librariesIn(join(dependencies, 'lib')))]),
  }
  await writeFile(join(work, readyFile), `${JSON.stringify(ready, null, 2)}\n`, { mode: 0o600 })
  await rm(engineFolder(name), { recursive: true, force: true })
  await rename(work, engineFolder(name))
  await rm(downloads, { recursive: true, force: true })
  await removeOtherVersions(root, name)
  return {
    engine: name,
    tensorflow: probed.tensorflow,
    place: engineFolder(name),
    already: false,
    gpu: probed.gpu,
    bytes: ready.bytes,
    seconds: secondsSince(began),
  }
}

async function librariesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).map((name) => join(folder, name))
}

/** The headers that the addon includes, directly or indirectly. */
const headers =
  /^tensorflow\/(include\/(?:tensorflow\/c|tensorflow\/core\/platform|tensorflow\/core\/common_runtime\/next_pluggable_device\/c|tsl|xla|absl)\/.+)$/

/** Returns the target path of a wheel member that the addon is compiled with or linked to; undefined for the others. */
function dependencyPath(member: string): string | undefined {
  const library = /^tensorflow\/(libtensorflow_(?:cc|framework)\.so\.2)$/.exec(member)?.[1]
  if (library !== undefined) return join('lib', library)
  return headers.exec(member)?.[1]
}

async function unpackTensorflow(wheel: string, dependencies: string, reporter: Reporter): Promise<void> {
  const began = performance.now()
  let bytes = 0
  const unpacked = await reportingProgress(
    reporter,
    'unpacking TensorFlow',
    undefined,
    () => bytes,
    () =>
      unpackWheel(wheel, dependencies, dependencyPath, (more) => {
        bytes += more
      }),
  )
  reporter.say(`TensorFlow ${tensorflowVersion} unpacked: ${megabytes(unpacked.bytes)} (${secondsSince(began)} s)`)
}

/** Removes other versions of the same engine, which this version of wsban does not use. */
async function removeOtherVersions(root: string, name: NativeName): Promise<void> {
  const ours = engineFolderName(name)
  const machine = `-${process.platform}-${process.arch}`
  for (const entry of await readdir(root)) {
    const old = entry.startsWith(`${name}-4.`) && entry.endsWith(machine) && entry !== ours
    if (old) await rm(join(root, entry), { recursive: true, force: true })
  }
}
