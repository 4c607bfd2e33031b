import * as tf from '@tensorflow/tfjs-core'
import { transformSync } from 'esbuild'
import type { ValueRef } from '../../compiler/graph/graph.js'
import { permute, type Tensor } from '../../compiler/ops/support/tensor.js'
import { NodeCall } from '../../compiler/targets/tfjs/call.js'
import { printExpression, runtimeFunctionsIn, source } from '../../compiler/targets/tfjs/expression.js'
import * as runtime from '../../runtime/index.js'
import { Scope } from '../../runtime/scope.js'
import { inverse, permutedShape, permuteValues } from '../../runtime/weights/layout.js'
import type { ReadyCase } from './cases.js'
import { caseKey } from './gradients.js'

interface TfjsResult {
  readonly outputs: readonly Tensor[]
  /** Of the sum of output x weights, by input and by parameter; absent where it was not asked for. */
  readonly gradients: ReadonlyMap<string, Tensor>
  readonly parameters: ReadonlyMap<string, Tensor>
}

/**
 * Runs the very code that the operation writes for TensorFlow.js, on the current engine.
 * `weights` are those of the first output, whose weighted sum the gradients belong to.
 */
export async function runTfjs(ready: ReadyCase, weights: Tensor | undefined): Promise<TfjsResult> {
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
  const inputs = ready.inputs.map(({ type, value }) => toTensor(value, type.element === 'label'))
  const run = compileCall(ready)
  const scope = () =>
    Scope.of({
      variables: new Map([...variables].map(([role, variable]) => [`call.${role}`, variable])),
      training: ready.phase === 'training',
      key: caseKey,
    })
  const outputs = tf.tidy(() => toList(run(scope(), inputs), ready))
  const parameters = new Map<string, Tensor>()
  for (const [role, variable] of variables) parameters.set(role, await toCanonical(variable, layoutOf(ready, role)))
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
    const { grads } = tf.variableGrads(() => {
      const given = inputs.map((input, index) => asVariables[differentiable.indexOf(index)] ?? input)
      const [output] = toList(run(scope(), given), ready)
      return tf.sum(tf.mul(output as tf.Tensor, toTensor(weights, false)))
    }, [...asVariables, ...trainable.map(([, variable]) => variable)])
    for (const [place, index] of differentiable.entries()) {
      const gradient = grads[(asVariables[place] as tf.Variable).name]
      if (gradient) gradients.set(`input ${index}`, await toCanonical(gradient, undefined))
    }
    for (const [role, variable] of trainable) {
      const gradient = grads[variable.name]
      if (gradient) gradients.set(role, await toCanonical(gradient, layoutOf(ready, role)))
    }
  }
  const read = await Promise.all(outputs.map((output) => toCanonical(output, undefined)))
  tf.dispose([...inputs, ...outputs, ...variables.values()])
  return { outputs: read, gradients, parameters }
}

function layoutOf(ready: ReadyCase, role: string): readonly number[] | undefined {
  return ready.parameterSpecs.find((spec) => spec.role === role)?.tfjsLayout
}

type Call = (at: Scope, inputs: readonly tf.Tensor[]) => unknown

function compileCall(ready: ReadyCase): Call {
  const expression = ready.operation.lowering.tfjs(
    new NodeCall(ready.node, {
      graph: ready.graph,
      input: (value: ValueRef) => source(`inputs[${value.node}]`),
      scope: source("at.in('call')"),
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

/** Feature maps are channels-first in cases, channels-last on the engine. */
function toTensor(value: Tensor, label: boolean): tf.Tensor {
  const own = value.shape.length === 4 ? permute(value, [0, 2, 3, 1]) : value
  return tf.tensor(
    label ? Int32Array.from(own.data) : Float32Array.from(own.data),
    [...own.shape],
    label ? 'int32' : 'float32',
  )
}

async function toCanonical(value: tf.Tensor, layout: readonly number[] | undefined): Promise<Tensor> {
  const read: Tensor = { shape: value.shape, data: Float64Array.from(await value.data()) }
  if (layout) return permute(read, inverse(layout))
  // A weight that is no feature map keeps its order: only inputs and outputs of rank 4 are maps.
  return read.shape.length === 4 ? permute(read, [0, 3, 1, 2]) : read
}
