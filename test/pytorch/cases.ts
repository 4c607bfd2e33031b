import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import * as z from 'zod'
import { operations } from '../../compiler/ops/index.js'
import { type Tensor, tensor, zeros } from '../../compiler/ops/support/tensor.js'
import { TypedCall } from '../../compiler/ops/support/typed.js'
import { inputTypes } from '../../compiler/targets/input_types.js'
import { expressionOf } from '../../compiler/targets/pytorch/call.js'
import { moduleCode } from '../../compiler/targets/pytorch/classes.js'
import { operationsFile } from '../../compiler/targets/pytorch/emit.js'
import { callOfModule, printExpression, source } from '../../compiler/targets/pytorch/expression.js'
import type { PythonHelper } from '../../compiler/targets/pytorch/lowering.js'
import { packageRoot } from '../../runtime/package_root.js'
import { type ReadyCase, ready } from '../support/cases.js'
import { differs } from '../support/compare.js'
import { caseKey, differenceQuotients, operationCase, weightsFor } from '../support/gradients.js'
import { runPython } from '../support/python.js'
import { ReferenceEvaluation } from '../support/reference.js'

/** PyTorch computes in double precision here, except for boxes, which are in single precision everywhere. */
const tolerance = 1e-5

const tensorText = z
  .object({ shape: z.array(z.number()), data: z.array(z.number().nullable()) })
  .transform(({ shape, data }) =>
    tensor(
      shape,
      data.map((value) => value ?? Number.NaN),
    ),
  )
const results = z.array(
  z.object({
    outputs: z.array(tensorText),
    gradients: z.record(z.string(), tensorText),
    parameters: z.record(z.string(), tensorText),
  }),
)

/** PyTorch's results for a case. The gradients are those of the weighted sum of the first output. */
export type CaseResult = z.infer<typeof results>[number]

export const all = [...operations.values()].flatMap((operation) => operation.cases.map((one) => ready(operation, one)))
export const title = ({ operation, name }: ReadyCase) => `${operation.name}, ${name}`

/** Cases with random numbers, which differ in torch: properties that hold for every draw. */
const drawn = new Map<string, (input: Tensor, output: Tensor) => boolean>([
  [
    'attention_dropout, training',
    (x, y) => y.data.every((value, i) => near(value, 0) || near(value, (x.data[i] ?? 0) / 0.6)),
  ],
  ['dropout, training', (x, y) => y.data.every((value, i) => near(value, 0) || near(value, (x.data[i] ?? 0) / 0.6))],
  [
    'dropout, training on maps',
    (x, y) => y.data.every((value, i) => near(value, 0) || near(value, (x.data[i] ?? 0) / 0.75)),
  ],
  ['drop_path, training on tokens', (x, y) => dropsImages(x, y, 0.4)],
  ['drop_path, training on maps', (x, y) => dropsImages(x, y, 0.25)],
  ['random_uniform, training', (_, y) => y.data.every((value) => value >= -1 && value <= 3)],
  ['random_uniform, training on maps', (_, y) => y.data.every((value) => value >= 0 && value <= 1)],
  ['random_normal, training', (_, y) => y.data.every((value) => Math.abs(value - 2) < 3)],
  ['random_normal, training on maps', (_, y) => y.data.every((value) => Math.abs(value) < 6)],
  ['bernoulli, training', isZerosAndOnes],
  ['bernoulli, training on maps', isZerosAndOnes],
  ['random_map, drawn', isOneOfTheMaps],
  ['random_map, drawn, each alike', isOneOfTheMaps],
  ['random_map, drawn from zeros', isOneOfTheMaps],
  [
    'drop_sampler, a drawn threshold',
    (x, y) => y.data.every((value, i) => near(value, 0) || near(value, x.data[i] ?? 0)),
  ],
  [
    'crop_sampler, a drawn threshold',
    (x, y) => Math.max(...y.data) <= Math.max(...x.data) && y.shape.join() === x.shape.join(),
  ],
])

/** Runs all of these cases in PyTorch, in one process. */
export function runInPytorch(cases: readonly ReadyCase[]): readonly CaseResult[] {
  const found = results.parse(answersOf('run_cases.py', cases))
  if (found.length !== cases.length) throw new Error(`${found.length} results for ${cases.length} cases`)
  return found
}

/** Returns the output of one of this folder's scripts for the cases. */
export function answersOf(script: string, cases: readonly ReadyCase[]): unknown {
  const helpers = new Set<PythonHelper>()
  const requests = cases.map((one) => request(one, helpers))
  const asked = JSON.stringify({ operations: operationsFile(helpers), cases: requests })
  return JSON.parse(runPython([join(packageRoot(), 'test', 'pytorch', script)], asked))
}

/** Returns everything on which a case's result depends: the generated code, its helpers, and the numbers. */
export function subjectOf(one: ReadyCase): string {
  const helpers = new Set<PythonHelper>()
  const asked = request(one, helpers)
  return JSON.stringify({ ...asked, helpers: operationsFile(helpers) ?? null })
}

export function isByChance(one: ReadyCase): boolean {
  return drawn.has(title(one))
}

/** Checks PyTorch's result against the operation's reference: values, gradients, statistics. */
export function fitsReference(t: ExecutionContext, one: ReadyCase, result: CaseResult): void {
  const chance = drawn.get(title(one))
  if (chance) {
    const [input] = one.inputs
    t.true(input && result.outputs[0] && chance(input.value, result.outputs[0]), title(one))
    return
  }
  const evaluation = new ReferenceEvaluation({ ...one, key: caseKey })
  for (const [output, expected] of evaluation.run().entries())
    t.is(differs(expected, result.outputs[output], tolerance), undefined, `${title(one)}: output ${output}`)
  for (const [role, expected] of evaluation.updates)
    t.is(differs(expected, result.parameters[role], tolerance), undefined, `${title(one)}: ${role} after the step`)
  const weights = weightsOf(one)
  for (const [name, gradient] of Object.entries(result.gradients)) {
    if (!weights) throw new Error(`${title(one)}: a gradient that was not asked for`)
    const expected = isStopped(one, name) ? zeros(gradient.shape) : differenceQuotients(one, weights, name)
    t.is(differs(expected, gradient, tolerance), undefined, `${title(one)}: gradient of ${name}`)
  }
}

/** Whether the gradient of an argument is zero by definition, whatever a difference quotient shows. */
function isStopped({ operation, inputs }: ReadyCase, name: string): boolean {
  const argument = name.startsWith('input ') ? inputs[Number(name.slice(6))]?.argument : undefined
  return argument !== undefined && (operation.semantics?.stopsGradient?.includes(argument) ?? false)
}

export function weightsOf(one: ReadyCase): Tensor | undefined {
  if (operationCase(one).noGradient || drawn.has(title(one))) return undefined
  const [output] = new ReferenceEvaluation({ ...one, key: caseKey }).run()
  return output && weightsFor(output, title(one))
}

/** A case with the code that the operation writes for it. */
function request(one: ReadyCase, helpers: Set<PythonHelper>) {
  const expression = expressionOf(one.node, {
    graph: one.graph,
    input: (value) => source(`inputs[${value.node}]`),
    module: (...given) => callOfModule(source('self.call'), ...given),
    weight: () => source('self.call'),
    option: () => undefined,
    narrow: () => true,
    classWeights: undefined,
    addImport: () => undefined,
    use: (helper) => {
      helpers.add(helper)
    },
  })
  const types = inputTypes(one.node, one.graph)
  const module = one.operation.lowering.pytorch.module?.(new TypedCall(one.operation.name, types, one.node.attributes))
  if (module && typeof module.type !== 'string') helpers.add(module.type)
  return {
    expression: printExpression(expression),
    module: module ? printExpression(moduleCode(module)) : null,
    training: one.phase === 'training',
    inputs: one.inputs.map(({ type, value }) => ({ label: type.element === 'label', value: asText(value) })),
    parameters: Object.fromEntries([...one.parameters].map(([role, value]) => [role, asText(value)])),
    weights: asText(weightsOf(one)) ?? null,
  }
}

function asText(value: Tensor | undefined) {
  return value && { shape: value.shape, data: Array.from(value.data) }
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a))
}

function isZerosAndOnes(_: Tensor, y: Tensor): boolean {
  return y.data.every((value) => value === 0 || value === 1)
}

/** Each image is zero everywhere, or scaled up. */
function dropsImages(x: Tensor, y: Tensor, rate: number): boolean {
  const length = x.data.length / (x.shape[0] ?? 1)
  const images = Array.from({ length: x.shape[0] ?? 0 }, (_, image) => image * length)
  return images.every((first) =>
    [0, 1 / (1 - rate)].some((factor) =>
      y.data.subarray(first, first + length).every((value, i) => near(value, (x.data[first + i] ?? 0) * factor)),
    ),
  )
}

function isOneOfTheMaps(maps: Tensor, chosen: Tensor): boolean {
  const [batch = 0, count = 0, height = 0, width = 0] = maps.shape
  const area = height * width
  const isMap = (b: number, m: number) =>
    Array.from({ length: area }, (_, i) => i).every((i) =>
      near(chosen.data[b * area + i] ?? Number.NaN, maps.data[(b * count + m) * area + i] ?? 0),
    )
  return Array.from({ length: batch }, (_, b) => b).every((b) =>
    Array.from({ length: count }, (_, m) => m).some((m) => isMap(b, m)),
  )
}
