import * as tf from '@tensorflow/tfjs-core'
import { transformSync } from 'esbuild'
import * as z from 'zod'
import type { Graph } from '../../../compiler/graph/graph.js'
import { emitTfjs } from '../../../compiler/targets/tfjs/emit.js'
import * as runtime from '../../../runtime/index.js'
import type { Model } from '../../../runtime/model.js'

const modules: Readonly<Record<string, unknown>> = { '@tensorflow/tfjs-core': tf, 'wsban/runtime': runtime }

/** Evaluates the generated code of a model in memory: `loadModel` would leave a folder in the cache for each of thousands of models. */
export function evaluateModel(graph: Graph): Model {
  const files = new Map(
    emitTfjs(graph, { source: 'fuzz.wsban', version: '0', spec: {} }).map(({ path, text }) => [path, text]),
  )
  const parameters = evaluate(files.get('parameters.ts') ?? '', {})
  const { model } = z
    .object({ model: z.custom<Model>((value) => typeof value === 'object' && value !== null) })
    .parse(evaluate(files.get('model.ts') ?? '', { './parameters.ts': parameters }))
  return model
}

function evaluate(text: string, beside: Readonly<Record<string, unknown>>): unknown {
  const { code } = transformSync(text, { loader: 'ts', format: 'cjs', target: 'es2022' })
  const module: { exports: unknown } = { exports: {} }
  const required = (name: string) => {
    const found = beside[name] ?? modules[name]
    if (found === undefined) throw new Error(`generated code imports ${name}`)
    return found
  }
  new Function('require', 'module', code)(required, module)
  return module.exports
}
