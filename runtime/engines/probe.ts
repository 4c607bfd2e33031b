import * as z from 'zod'
import { reasonOf } from '../failure.js'
import type { EngineName } from './engine.js'
import type { NativePackage } from './native_package.js'
import { installedPackage, provisionedPackage } from './native_package.js'
import { run } from './provision/run.js'
import { tfjsVersion } from './versions.js'

/**
 * Loads a native package as `loadNative` does, computes a convolution, and prints the results. It runs in a separate process, which a broken addon
 * may crash.
 */
const script = `
const { createRequire } = require('node:module')
const util = require('node:util')
util.isNullOrUndefined = (value) => value === null || value === undefined
util.isArray = Array.isArray
const [folder, addon, name] = process.argv.slice(1)
const load = createRequire(folder + '/package.json')
const tf = load('@tensorflow/tfjs-core')
try { load.cache[load.resolve('@tensorflow/tfjs')] ??= load.cache[load.resolve('@tensorflow/tfjs-core')] } catch {}
load('./dist/register_all_kernels.js')
const { NodeJSKernelBackend } = load('./dist/nodejs_kernel_backend.js')
const binding = load(addon)
tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, name), 3)
tf.setBackend('tensorflow')
const sums = tf.conv2d(tf.ones([1, 5, 5, 2]), tf.ones([3, 3, 2, 4]), 1, 'same')
console.log(JSON.stringify({ tensorflow: binding.TF_Version, gpu: tf.backend().isUsingGpuDevice, middle: sums.dataSync()[48], modules: Object.keys(load.cache) }))
`

// The expected value is at the center of 5 x 5 positions, in the first of 4 channels: the sum of nine ones in each of two channels.
const output = z.object({
  tensorflow: z.string(),
  gpu: z.boolean(),
  middle: z.literal(18),
  modules: z.array(z.string()),
})

export type Probe =
  | { readonly works: true; readonly tensorflow: string; readonly gpu: boolean; readonly modules: readonly string[] }
  | { readonly works: false; readonly reason: string }

/** Tests in a separate process whether a native package loads and computes correctly. */
export async function probe(native: NativePackage): Promise<Probe> {
  const { NODE_OPTIONS: _, ...environment } = process.env
  const result = await run(
    process.execPath,
    ['-e', script, native.folder, native.addon, `@tensorflow/${native.name}`],
    {
      environment: { TF_CPP_MIN_LOG_LEVEL: '3', ...environment },
      timeoutSeconds: 120,
    },
  )
  if (result.status !== 0) return { works: false, reason: result.summary }
  try {
    const last = result.output.trim().split('\n').at(-1) ?? ''
    const { tensorflow, gpu, modules } = output.parse(JSON.parse(last))
    return { works: true, tensorflow, gpu, modules }
  } catch (error) {
    return { works: false, reason: `it computed something else than expected: ${reasonOf(error)}` }
  }
}

/** Tests an engine, a native one in a process of its own. The other two are part of wsban and need no test. */
export async function checkEngine(name: EngineName): Promise<Probe> {
  if (name === 'wasm' || name === 'cpu') return { works: true, tensorflow: tfjsVersion, gpu: false, modules: [] }
  const provisioned = await provisionedPackage(name)
  if (provisioned?.reason !== undefined) return { works: false, reason: provisioned.reason }
  const native = provisioned?.native ?? installedPackage(name)
  return native === undefined ? { works: false, reason: 'it is not installed' } : probe(native)
}
