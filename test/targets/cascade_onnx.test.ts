import test from 'ava'
import { type InferenceSession, Tensor } from 'onnxruntime-node'
import type { Graph } from '../../compiler/graph/graph.js'
import { answers } from '../../compiler/graph/phase.js'
import { selectionsFor } from '../../compiler/graph/skipping.js'
import { withFunctions } from '../../compiler/targets/onnx/functions.js'
import { opsets } from '../../compiler/targets/onnx/opsets.js'
import { toHalfPrecision } from '../../compiler/targets/onnx/passes/half_precision.js'
import { bodiesOf, type OnnxNode, type OnnxProgram, withSetting } from '../../compiler/targets/onnx/program.js'
import { withSkipping } from '../../compiler/targets/onnx/skip_second.js'
import { lowPrecision } from '../../runtime/export/low_precision.js'
import { cascadeProgram, cascades, imageSize, medianConfidence, noise } from '../support/cascades.js'
import { sessionOf } from '../support/onnx_program.js'

const cases = Object.entries(cascades)

async function run(session: InferenceSession, count: number): Promise<Record<string, readonly number[]>> {
  const image = new Tensor('float32', noise(count), [count, 3, imageSize, imageSize])
  const results = await session.run({ image })
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]))
}

/** The program with this threshold in each selection. */
function withThreshold(program: OnnxProgram, graph: Graph, sure: number): OnnxProgram {
  return selectionsFor(graph, answers(graph)).reduce(
    (current, { node }) => withSetting(current, node.id, 'sure', sure),
    program,
  )
}

const operators = (nodes: readonly OnnxNode[]): string[] =>
  nodes.flatMap((node) => [node.operator, ...bodiesOf(node).flatMap((body) => operators(body.nodes))])
const count = (nodes: readonly OnnxNode[], operator: string) =>
  operators(nodes).filter((one) => one === operator).length

/** Thresholds under which all, half and none of eight images keep their first prediction. */
async function thresholdsFor(program: OnnxProgram): Promise<readonly number[]> {
  const session = await sessionOf(program)
  const logits = (await run(session, 8))['logits/master'] ?? []
  await session.release()
  return [0, medianConfidence(logits), 1]
}

for (const [name, prediction] of cases)
  test(`${name}: skipping changes no output, for any batch and any share of early predictions`, async (t) => {
    const { graph, program } = cascadeProgram(prediction)
    const shares = new Set<number>()
    for (const sure of await thresholdsFor(program)) {
      const plain = withThreshold(program, graph, sure)
      const skipping = withSkipping(plain, graph)
      t.not(skipping, plain)
      for (const form of [skipping, withFunctions(skipping, graph)]) {
        const sessions = [await sessionOf(plain), await sessionOf(form)] as const
        for (const images of [0, 1, 3, 8]) {
          const [expected, found] = [await run(sessions[0], images), await run(sessions[1], images)]
          t.deepEqual(Object.keys(found), Object.keys(expected))
          for (const [output, values] of Object.entries(expected)) {
            t.is(found[output]?.length, values.length, output)
            for (const [index, value] of values.entries())
              t.true(
                Math.abs((found[output]?.[index] ?? Number.NaN) - value) <= 1e-6,
                `${output} ${index}, sure ${sure}`,
              )
          }
          if (images === 8) shares.add((expected.early ?? []).reduce((sum, early) => sum + early, 0))
        }
        await Promise.all(sessions.map((session) => session.release()))
      }
    }
    t.deepEqual([...shares], [8, 4, 0])
  })

test('each pass that a prediction skips is in a branch once, and no node is computed twice', (t) => {
  for (const [name, prediction] of cases) {
    const { graph, program } = cascadeProgram(prediction)
    const { nodes } = withSkipping(program, graph)
    t.is(count(nodes, 'Conv'), count(program.nodes, 'Conv'), name)
    const outside = nodes.filter(({ operator }) => operator === 'Conv').length
    t.is(outside, name === 'a second pass on the whole image' ? 6 : 3, name)
    const cropsAll = nodes.some(({ operator }) => operator === 'GridSample')
    t.is(cropsAll, name === 'a second pass on the whole image', `${name}: whether each image is cropped`)
  }
})

test('a cascade within another is a branch within a branch', (t) => {
  const { graph, program } = cascadeProgram(cascades['three passes'])
  const { nodes, outputs } = withSkipping(program, graph)
  const outer = nodes.filter(({ operator }) => operator === 'If')
  t.is(outer.length, 1)
  t.is(count(nodes, 'If'), 2)
  t.deepEqual(
    outputs.map(({ name }) => name),
    ['probabilities', 'boxes', 'attention', 'early', 'logits/master'],
  )
})

test('every opset, and half precision', async (t) => {
  for (const opset of opsets) {
    const { graph, program } = cascadeProgram(cascades['two passes'], opset)
    const half = toHalfPrecision(program, lowPrecision(graph))
    for (const precise of [program, half]) {
      const plain = withThreshold(precise, graph, 0.5)
      const sessions = [await sessionOf(plain), await sessionOf(withSkipping(plain, graph))] as const
      const [expected, found] = [await run(sessions[0], 8), await run(sessions[1], 8)]
      const tolerance = precise === half ? 2e-2 : 1e-6
      for (const [index, value] of (expected.probabilities ?? []).entries())
        t.true(Math.abs((found.probabilities?.[index] ?? Number.NaN) - value) <= tolerance, `opset ${opset}`)
      await Promise.all(sessions.map((session) => session.release()))
    }
  }
})
