import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheRoot } from '../../runtime/cache_root.js'
import { addonFlags, addonFolder, addonHash, addonSources } from '../../runtime/engines/addon.js'
import { engineFolder } from '../../runtime/engines/cache.js'
import { type NativePackage, provisionedPackage } from '../../runtime/engines/native_package.js'
import { requireCompiler } from '../../runtime/engines/provision/compile.js'
import { run } from '../../runtime/engines/provision/run.js'
import { unpackWheel } from '../../runtime/engines/provision/unpack.js'
import { fetchWheel } from '../../runtime/engines/provision/wheel.js'
import { tensorflowVersion, wheelFor } from '../../runtime/engines/versions.js'
import type { Reporter } from '../../runtime/reporter.js'

export type Sanitizer = 'address' | 'undefined' | 'thread'

/** The folder of the C++ sources of these checks. */
export const sources = dirname(fileURLToPath(import.meta.url))

/** A separate folder in the cache; the installed engine is never changed. */
function folder(): string {
  return join(cacheRoot(), 'sanitizers')
}

/** Returns the native engine that the checks run on. Throws if `wsban setup` has not been run, or if its result is not trusted. */
export async function engine(): Promise<NativePackage> {
  const found = await provisionedPackage('tfjs-node')
  if (found?.native === undefined) throw new Error(found?.reason ?? 'no native engine: run `npx tsx cli/main.ts setup`')
  return found.native
}

/** Returns the folder of TensorFlow's headers, which setup removes after it has compiled the addon. */
async function tensorflowHeaders(reporter: Reporter): Promise<string> {
  const root = join(folder(), `tensorflow-${tensorflowVersion}`)
  if (existsSync(root)) return join(root, 'include')
  const wheel = wheelFor('tfjs-node')
  if (wheel === undefined) throw new Error(`no TensorFlow for ${process.platform} on ${process.arch}`)
  const downloads = join(folder(), 'downloads')
  const file = await fetchWheel(wheel, downloads, reporter)
  const work = `${root}.work`
  await rm(work, { recursive: true, force: true })
  await unpackWheel(file, work, (member) => /^tensorflow\/(include\/.+)$/.exec(member)?.[1])
  await rename(work, root)
  await rm(downloads, { recursive: true, force: true })
  return join(root, 'include')
}

async function compile(name: string, args: readonly string[]): Promise<string> {
  const compiler = await requireCompiler()
  await mkdir(folder(), { recursive: true })
  const file = join(folder(), name)
  const temporary = `${file}.${process.pid}`
  const result = await run(compiler.program, [...args, '-o', temporary], { timeoutSeconds: 900 })
  if (result.status !== 0) throw new Error(`${name} does not compile: ${result.errors}`)
  await rename(temporary, file)
  return file
}

async function addonArguments(reporter: Reporter, more: readonly string[]): Promise<readonly string[]> {
  const { folder: native } = await engine()
  const modules = join(engineFolder('tfjs-node'), 'node_modules')
  const headers = [
    await tensorflowHeaders(reporter),
    join(modules, 'node-api-headers', 'include'),
    join(modules, 'node-addon-api'),
  ]
  const libraries = join(native, 'deps', 'lib')
  return [
    ...addonFlags,
    ...['-g', '-fno-omit-frame-pointer'],
    ...headers.flatMap((header) => ['-isystem', header]),
    ...addonSources().map((name) => join(addonFolder(), name)),
    ...more,
    ...['-L', libraries, `-Wl,-rpath,${libraries}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
  ]
}

/** The TensorFlow functions whose synchronization tensorflow_order.cc declares to ThreadSanitizer. */
const ordered = ['TFE_Execute', 'TFE_TensorHandleResolve', 'TFE_NewTensorHandle', 'TF_GetInput', 'TF_DeleteTensor']

const flags: Readonly<Record<Sanitizer, readonly string[]>> = {
  address: ['-fsanitize=address'],
  undefined: ['-fsanitize=undefined,float-cast-overflow', '-fno-sanitize-recover=all'],
  thread: ['-fsanitize=thread', join(sources, 'tensorflow_order.cc'), ...ordered.map((name) => `-Wl,--wrap=${name}`)],
}

/** @returns the path of the addon, compiled with a sanitizer */
export async function sanitizedAddon(sanitizer: Sanitizer, reporter: Reporter): Promise<string> {
  const name = `${sanitizer}-${addonHash()}.node`
  return compile(name, await addonArguments(reporter, [join(sources, 'planted.cc'), ...flags[sanitizer]]))
}

/** @returns the path of the addon, compiled with checks against TensorFlow's shape functions */
export async function shapeInference(reporter: Reporter): Promise<string> {
  const wrapped = ['TFE_NewOp', 'TFE_OpAddInput', 'TFE_Execute'].map((name) => `-Wl,--wrap=${name}`)
  const inference = join(sources, 'shape_inference.cc')
  return compile(`shapes-${addonHash()}.node`, await addonArguments(reporter, [inference, ...wrapped]))
}

/** @returns the path of a library for LD_PRELOAD */
export function preloadedLibrary(source: string, name: string): Promise<string> {
  return compile(`${name}.so`, ['-O2', '-g', '-shared', '-fPIC', '-x', source.endsWith('.c') ? 'c' : 'c++', source])
}

/** @returns the path of the compiler's runtime library of a sanitizer */
export async function sanitizerRuntime(library: string): Promise<string> {
  const { program } = await requireCompiler()
  const { output } = await run(program, [`-print-file-name=${library}`])
  const file = output.trim()
  if (!file.includes('/')) throw new Error(`${program} has no ${library}`)
  return file
}
