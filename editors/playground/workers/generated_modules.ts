import * as tf from '@tensorflow/tfjs-core'
import * as z from 'zod'
import type { GeneratedFile } from '../../../compiler/targets/tfjs/emit.js'
import * as kernels from '../../../runtime/kernels/index.js'
import type { Model } from '../../../runtime/model.js'
import * as operations from '../../../runtime/operations/index.js'
import { Scope } from '../../../runtime/scope.js'

type Exports = Record<string, unknown>

declare global {
  var wsbanModule: ((require: (name: string) => unknown, exports: Exports) => void) | undefined
}

declare function importScripts(url: string): void

const loaded = z.object({ model: z.custom<Model>((value) => typeof value === 'object' && value !== null) })

/** Loads the generated code of a model, given as CommonJS modules in the order in which they are imported. */
export function loadGenerated(modules: readonly GeneratedFile[]): Model {
  const known = new Map<string, unknown>([
    ['wsban/runtime', { ...kernels, ...operations, Scope }],
    ['@tensorflow/tfjs-core', tf],
  ])
  const require = (name: string) => {
    if (!known.has(name)) throw new Error(`the generated code imports ${name}, which is not here`)
    return known.get(name)
  }
  let exports: Exports = {}
  for (const { path, text } of modules) {
    exports = {}
    run(text)(require, exports)
    known.set(`./${path}`, exports)
  }
  return loaded.parse(exports).model
}

/** A script instead of eval, which the page's content security policy forbids. */
function run(text: string): NonNullable<typeof globalThis.wsbanModule> {
  const url = URL.createObjectURL(
    new Blob([`globalThis.wsbanModule = (require, exports) => {\n${text}\n}`], { type: 'text/javascript' }),
  )
  importScripts(url)
  URL.revokeObjectURL(url)
  const made = globalThis.wsbanModule
  if (!made) throw new Error('the generated code did not load')
  return made
}
