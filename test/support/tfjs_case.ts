import * as tf from '@tensorflow/tfjs-core'
import { transformSync } from 'esbuild'
import type { ValueRef } from '../../compiler/graph/graph.js'
import { permute, type Tensor } from '../../compiler/ops/support/tensor.js'
import { NodeCall } from '../../compiler/targets/tfjs/call.js'
import { callOf, printExpression, runtimeFunctionsIn, source } from '../../compiler/targets/tfjs/expression.js'
import { Layouts } from '../../compiler/targets/tfjs/layout.js'
import type { StorageLayout } from '../../compiler/targets/tfjs/lowering.js'
import { layoutChange } from '../../compiler/targets/tfjs/storage.js'
import * as runtime from '../../runtime/index.js'
import { Scope } from '../../runtime/scope.js'
import { gradientsOf } from '../../runtime/training/backward.js'
import { inverse, permutedShape, permuteValues } from '../../runtime/weights/layout.js'
import { caseParameter, type ReadyCase } from './cases.js'
import { caseKey } from './gradients.js'

interface TfjsResult {
  readonly outputs: readonly Tensor[]
  /** The gradients of the sum of output x weights, by input and parameter; absent unless requested. */
  readonly gradients: ReadonlyMap<string, Tensor>
  readonly parameters: ReadonlyMap<string, Tensor>
}

/**
 * Runs the operation's generated TensorFlow.js code on the current engine. `weights` are those of the first output, whose weighted sum the gradients
 * belong to; `given` is the order in which inputs of rank 4 are stored.
 */
export async function runTfjs(
  ready: ReadyCase,
  weights: Tensor | undefined,
  given: StorageLayout = 'channels last',
): Promise<TfjsResult> {
  const layouts = new Layouts(ready.graph, given)
  const stored = (output: number) => layouts.of({ node: ready.node.id, output })
  const variables = new Map(
    ready.parameterSpecs.map(({ role, shape, tfjsLayout, trainable }) => {
      const values = Float32Array.from(ready.parameters.get(role)?.data ?? [])
      const own = tfjsLayout ? permuteValues(values, shape, tfjsLayout) : values
      return [
        role,
        tf.variable(tf.tensor(own, tfjsLayout ? permutedShape(shape, tfjsLayout) : [...shape]), trainable),
      ] as const
    }),
  )
  const inputs = ready.inputs.map(({ type, value }, index) =>
    toTensor(value, type.element === 'label', layouts.of({ node: index, output: 0 })),
  )
  const run = compileCall(ready, layouts)
  const scope = () =>
    Scope.of({
      variables: new Map([...variables].map(([role, variable]) => [caseParameter(role), variable])),
      training: ready.phase === 'training',
      key: caseKey,
    })
  const outputs = tf.tidy(() => toList(run(scope(), inputs), ready))
  const parameters = new Map<string, Tensor>()
  for (const [role, variable] of variables)
    parameters.set(role, await weightToCanonical(variable, layoutOf(ready, role)))
  const gradients = new Map<string, Tensor>()
  if (weights) {
    // The first run moved statistics and centres; gradients are those of the same step.
    for (const { role, shape, tfjsLayout } of ready.parameterSpecs) {
      const values = Float32Array.from(ready.parameters.get(role)?.data ?? [])
      variables
        .get(role)
        ?.assign(
          tf.tensor(
            tfjsLayout ? permuteValues(values, shape, tfjsLayout) : values,
            tfjsLayout ? permutedShape(shape, tfjsLayout) : [...shape],
          ),
        )
    }
    const differentiable = ready.inputs.flatMap(({ type }, index) => (type.element === 'float' ? [index] : []))
    const trainable = [...variables].filter(([, variable]) => variable.trainable)
    const asVariables = differentiable.map((index) => tf.variable(inputs[index] as tf.Tensor))
    const { gradients: found } = gradientsOf(() => {
      const given = inputs.map((input, index) => asVariables[differentiable.indexOf(index)] ?? input)
      const [output] = toList(run(scope(), given), ready)
      return tf.sum(tf.mul(output as tf.Tensor, toTensor(weights, false, stored(0))))
    }, [...asVariables, ...trainable.map(([, variable]) => variable)])
    for (const [place, index] of differentiable.entries()) {
      const gradient = found.get(asVariables[place] as tf.Variable)
      if (gradient) gradients.set(`input ${index}`, await toCanonical(gradient, layouts.of({ node: index, output: 0 })))
    }
    for (const [role, variable] of trainable) {
      const gradient = found.get(variable)
      if (gradient) gradients.set(role, await weightToCanonical(gradient, layoutOf(ready, role)))
    }
  }
  const read = await Promise.all(outputs.map((output, index) => toCanonical(output, stored(index))))
  tf.dispose([...inputs, ...outputs, ...variables.values()])
  return { outputs: read, gradients, parameters }
}

function layoutOf(ready: ReadyCase, role: string): readonly number[] | undefined {
  return ready.parameterSpecs.find((spec) => spec.role === role)?.tfjsLayout
}

type Call = (at: Scope, inputs: readonly tf.Tensor[]) => unknown

function compileCall(ready: ReadyCase, layouts: Layouts): Call {
  const expression = ready.operation.lowering.tfjs(
    new NodeCall(ready.node, {
      graph: ready.graph,
      layouts,
      input(value: ValueRef) {
        const [code, read] = [source(`inputs[${value.node}]`), layouts.readBy(ready.node)]
        const stored = layouts.of(value)
        return read === 'any' || stored === undefined || stored === read
          ? code
          : callOf('tf', 'transpose', code, source(`[${layoutChange(read).join(', ')}]`))
      },
      scope: source("at.in('call')"),
      weight: () => source("at.get('call')"),
      option: () => undefined,
    }),
  )
  const used = runtimeFunctionsIn(expression)
  const functions = used.map((name) => {
    const found: unknown = Object.entries(runtime).find(([exported]) => exported === name)?.[1]
    if (found === undefined) throw new Error(`wsban/runtime has no ${name}`)
    return found
  })
  const { code } = transformSync(`call = (at, inputs) => ${printExpression(expression)}`, { loader: 'ts' })
  const call: unknown = new Function('tf', ...used, `let ${code}; return call`)(tf, ...functions)
  if (typeof call !== 'function') throw new Error('no function')
  return (at, inputs) => call(at, inputs)
}

function toList(result: unknown, { operation }: ReadyCase): tf.Tensor[] {
  if (result instanceof tf.Tensor) return [result]
  const fields = result as Readonly<Record<string, tf.Tensor>>
  return (operation.outputs ?? []).map((name) => fields[name] as tf.Tensor)
}

/** Cases are in the order of the language. */
function toTensor(value: Tensor, label: boolean, layout: StorageLayout | undefined): tf.Tensor {
  const own = layout === 'channels last' ? permute(value, layoutChange(layout)) : value
  return tf.tensor(
    label ? Int32Array.from(own.data) : Float32Array.from(own.data),
    [...own.shape],
    label ? 'int32' : 'float32',
  )
}

async function toCanonical(value: tf.Tensor, layout: StorageLayout | undefined): Promise<Tensor> {
  const read = await toPlain(value)
  return layout === 'channels last' ? permute(read, layoutChange('channels first')) : read
}

async function weightToCanonical(value: tf.Tensor, layout: readonly number[] | undefined): Promise<Tensor> {
  const read = await toPlain(value)
  return layout ? permute(read, inverse(layout)) : read
}

async function toPlain(value: tf.Tensor): Promise<Tensor> {
  return { shape: value.shape, data: Float64Array.from(await value.data()) }
}
