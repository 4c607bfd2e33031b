import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import fc from 'fast-check'
import { type InferenceSession, Tensor } from 'onnxruntime-node'
import { operationNamed } from '../../compiler/ops/index.js'
import { boxOfMap, cellsOf, largestComponent } from '../../compiler/ops/sampling/crop_sampler/components.js'
import { settledAfter } from '../../compiler/ops/sampling/crop_sampler/onnx.js'
import { Random } from '../../compiler/random.js'
import { NodeCall } from '../../compiler/targets/onnx/call.js'
import type { OnnxNode } from '../../compiler/targets/onnx/program.js'
import { OnnxProgramBuilder } from '../../compiler/targets/onnx/program_builder.js'
import { openEngine } from '../../runtime/engines/index.js'
import { cropSampler } from '../../runtime/operations/crop_sampler.js'
import { silent } from '../../runtime/reporter.js'
import { Scope } from '../../runtime/scope.js'
import { ready } from '../support/cases.js'
import { hardMaps, type MapSize, snake, spiral } from '../support/maps.js'
import { sessionOf } from '../support/onnx_program.js'

const margin = 0.05
const side = 24

/** Creates a session of the sampler's ONNX nodes, which gives the boxes and one number per iteration of the component search. */
async function boxesSession(
  { height, width }: MapSize,
  resolution: string,
  portable = false,
): Promise<InferenceSession> {
  const inputs = {
    image: { shape: [1, 1, side, side], fill: 'zeros' },
    guide: { shape: [1, height, width], fill: 'zeros' },
  } as const
  const one = ready(operationNamed('crop_sampler'), { name: 'boxes', inputs, arguments: { margin, resolution } })
  const builder = new OnnxProgramBuilder(18)
  const { onnx } = one.operation.lowering
  if (onnx === 'training only') throw new Error('no ONNX form')
  const [, boxes = ''] = onnx(
    new NodeCall(one.node, one.graph, builder, ({ node }) => (node === 0 ? 'image' : 'guide'), 'call', portable),
  )
  return sessionOf({
    name: 'boxes',
    opset: 18,
    nodes: [
      ...builder.nodes.map(countingRounds),
      { operator: 'Identity', name: 'boxes', inputs: [boxes], outputs: ['boxes'], attributes: {} },
    ],
    constants: builder.constants,
    weights: new Map(),
    inputs: [
      { name: 'image', element: 'float', shape: ['batch', 1, side, side] },
      { name: 'guide', element: 'float', shape: ['batch', height, width] },
    ],
    outputs: [
      { name: 'boxes', element: 'float', shape: ['batch', 4] },
      ...(portable ? [] : [{ name: 'rounds', element: 'int64' as const, shape: ['rounds'] }]),
    ],
  })
}

/** Returns a Loop that also outputs its counter at each iteration. */
function countingRounds(node: OnnxNode): OnnxNode {
  const { body } = node.attributes
  if (node.operator !== 'Loop' || typeof body !== 'object' || !('graph' in body)) return node
  const { graph } = body
  const [counter] = graph.inputs
  const copy = { operator: 'Identity', name: 'copy', inputs: [counter?.name ?? ''], outputs: ['copy'], attributes: {} }
  const outputs = [...graph.outputs, { name: 'copy', element: 'int64' as const, shape: [] }]
  return {
    ...node,
    outputs: [...node.outputs, 'rounds'],
    attributes: { ...node.attributes, body: { graph: { ...graph, nodes: [...graph.nodes, copy], outputs } } },
  }
}

async function inGraph(session: InferenceSession, maps: readonly ArrayLike<number>[], { height, width }: MapSize) {
  const guide = Float32Array.from(maps.flatMap((map) => Array.from(map)))
  const results = await session.run({
    guide: new Tensor('float32', guide, [maps.length, height, width]),
    image: new Tensor('float32', new Float32Array(maps.length * side * side), [maps.length, 1, side, side]),
  })
  return { boxes: [...((results.boxes?.data ?? []) as Float32Array)], rounds: results.rounds?.data.length ?? 0 }
}

function onEngine(maps: readonly ArrayLike<number>[], { height, width }: MapSize, resolution: string): number[] {
  return tf.tidy(() => {
    const guide = tf.tensor3d(Float32Array.from(maps.flatMap((map) => Array.from(map))), [maps.length, height, width])
    const at = Scope.of({ variables: new Map(), training: false, key: [] })
    const { box } = cropSampler(tf.zeros([maps.length, side, side, 1]), guide, at, { margin, resolution })
    return [...box.dataSync()]
  })
}

test.before(async () => {
  await openEngine('cpu', silent)
})

const subjects = [
  { size: { height: 13, width: 9 }, resolution: 'grid', count: 6000 },
  { size: { height: 26, width: 26 }, resolution: 'grid', count: 2000 },
  { size: { height: 7, width: 5 }, resolution: 'x2', count: 800 },
  { size: { height: 5, width: 7 }, resolution: 'x4', count: 800 },
  { size: { height: 9, width: 7 }, resolution: 'image', count: 800 },
]
for (const { size, resolution, count } of subjects)
  test.serial(
    `${count} maps of ${size.height} x ${size.width} cut at ${resolution}: the file, the engine and the reference find the same boxes, bit for bit`,
    async (t) => {
      const session = await boxesSession(size, resolution)
      const portable = await boxesSession(size, resolution, true)
      const random = new Random(1)
      const makers = Object.entries(hardMaps)
      const rule = {
        threshold: 0.2,
        region: 'largest',
        margin,
        cells: cellsOf(resolution, [side, side], [size.height, size.width]),
      } as const
      let worst = 0
      for (let done = 0; done < count; done += 100) {
        const maps = Array.from(
          { length: 100 },
          (_, index) => makers[(done + index) % makers.length]?.[1](size, random) ?? [],
        )
        const expected = maps.flatMap((map) => [...boxOfMap(map, size.height, size.width, rule)])
        const { boxes, rounds } = await inGraph(session, maps, size)
        worst = Math.max(worst, rounds)
        const wrong = boxes.findIndex((value, index) => value !== expected[index])
        if (wrong >= 0)
          t.fail(
            `${makers[(done + Math.floor(wrong / 4)) % makers.length]?.[0]}: ${boxes[wrong]} instead of ${expected[wrong]}`,
          )
        if (done < 1000) t.deepEqual((await inGraph(portable, maps, size)).boxes, expected)
        if (done < 1000) t.deepEqual(onEngine(maps, size, resolution), expected)
      }
      t.log(`at most ${worst} rounds`)
      t.true(worst <= settledAfter(rule.cells[0] * rule.cells[1]))
      await session.release()
      await portable.release()
    },
  )

test.serial('the longest ways take few rounds', async (t) => {
  for (const length of [26, 112, 448]) {
    const size = { height: length, width: length }
    const session = await boxesSession(size, 'grid')
    for (const [name, make] of Object.entries({ spiral, snake })) {
      const map = make(size)
      const rule = { threshold: 0.2, region: 'largest', margin, cells: [length, length] } as const
      const { boxes, rounds } = await inGraph(session, [map], size)
      t.deepEqual(boxes, [...boxOfMap(map, length, length, rule)])
      t.log(`${name} of ${length} x ${length}: ${rounds} rounds`)
      t.true(rounds <= settledAfter(length * length))
    }
    await session.release()
  }
})

test.serial('written out round by round, the search finds the box of every map of 4 x 4', async (t) => {
  const size = { height: 4, width: 4 }
  const session = await boxesSession(size, 'grid', true)
  const rule = { threshold: 0.5, region: 'largest', margin, cells: [4, 4] } as const
  const batch = 4096
  for (let from = 0; from < 2 ** 16; from += batch) {
    const maps = Array.from({ length: batch }, (_, index) =>
      Array.from({ length: 16 }, (_, cell) => ((from + index) >> cell) & 1),
    )
    const { boxes } = await inGraph(session, maps, size)
    t.deepEqual(
      boxes,
      maps.flatMap((map) => [...boxOfMap(map, 4, 4, rule)]),
    )
  }
  await session.release()
})

test('the largest component is one piece, and no other piece is larger', (t) => {
  const [height, width] = [13, 9]
  const cells = fc.array(fc.boolean(), { minLength: height * width, maxLength: height * width })
  fc.assert(
    fc.property(cells, (values) => {
      const kept = Uint8Array.from(values, Number)
      const best = largestComponent(kept, height, width)
      const rest = kept.map((value, index) => (best[index] ? 0 : value))
      const second = largestComponent(rest, height, width)
      const count = (list: Uint8Array) => list.reduce((sum, value) => sum + value, 0)
      const again = largestComponent(best, height, width)
      return (
        count(second) <= count(best) &&
        count(again) === count(best) &&
        best.every((value, index) => value <= (kept[index] ?? 0))
      )
    }),
    { seed: 1 },
  )
  t.pass()
})
