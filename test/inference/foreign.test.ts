import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { OnnxElement, OnnxProgram } from '../../compiler/targets/onnx/program.js'
import { Failure } from '../../runtime/failure.js'
import { OnnxPredictor } from '../../runtime/inference/onnx.js'
import { bytesOf } from '../support/onnx_program.js'

// ONNX files that ONNX Runtime accepts and that were not exported by wsban.

const folder = mkdtempSync(join(tmpdir(), 'wsban-foreign-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

interface Output {
  readonly shape: readonly number[]
  readonly element?: OnnxElement
}

/** A file that answers any image with zeros. */
function program(outputs: Readonly<Record<string, Output>>, input = 'image'): OnnxProgram {
  const all = Object.entries(outputs).map(([name, { shape, element = 'float' }]) => ({ name, shape, element }))
  return {
    name: 'foreign',
    opset: 21,
    inputs: [{ name: input, element: 'uint8', shape: [1, 'height', 'width', 3] }],
    outputs: all,
    nodes: all.map(({ name }) => ({
      operator: 'Identity',
      name: `${name}/identity`,
      inputs: [`${name}/zeros`],
      outputs: [name],
      attributes: {},
    })),
    constants: new Map(
      all.map(({ name, shape, element }) => {
        const length = shape.reduce((product, size) => product * size, 1)
        return [`${name}/zeros`, { name: `${name}/zeros`, element, shape, values: new Array<number>(length).fill(0) }]
      }),
    ),
    weights: new Map(),
  }
}

const ours = { wsban: '0.1.0', classes: '["a", "b"]' }
const image = { width: 4, height: 3, data: new Uint8Array(36) }

let made = 0
async function written(...given: Parameters<typeof bytesOf>): Promise<string> {
  const path = join(folder, `${made++}.onnx`)
  writeFileSync(path, await bytesOf(...given))
  return path
}

async function fails(t: ExecutionContext, work: Promise<unknown>, code: string): Promise<string> {
  const error = await t.throwsAsync(work, { instanceOf: Failure })
  t.is(error?.problem.code, code, error?.message)
  return error?.message ?? ''
}

test('a file without the notes of an export, with broken ones, or with another input is not taken', async (t) => {
  const answer = program({ probabilities: { shape: [1, 2] } })
  for (const [given, metadata] of [
    [answer, {}],
    [answer, { wsban: '0.1.0' }],
    [answer, { ...ours, classes: '{"a": 1}' }],
    [answer, { ...ours, classes: '["a", ' }],
    [program({ probabilities: { shape: [1, 2] } }, 'pixels'), ours],
  ] as const)
    t.regex(await fails(t, OnnxPredictor.open(await written(given, metadata)), 'onnx-foreign'), /not one that wsban/)
})

test('a file that answers in another way than an export is refused by what it answers', async (t) => {
  const answers: readonly (readonly [outputs: Readonly<Record<string, Output>>, says: RegExp])[] = [
    [{ probabilities: { shape: [1, 2], element: 'int32' } }, /its output probabilities is of type int32/],
    [{ probabilities: { shape: [1, 3] } }, /its output probabilities has the shape 1 x 3/],
    [{ probabilities: { shape: [2] } }, /its output probabilities has the shape 2$/],
    [{ boxes: { shape: [1, 4] } }, /it has no prediction/],
    [{ probabilities: { shape: [1, 2] }, boxes: { shape: [2, 4] } }, /its output boxes has the shape 2 x 4/],
    [{ probabilities: { shape: [1, 2] }, attention: { shape: [1, 4] } }, /its output attention has the shape 1 x 4/],
  ]
  for (const [outputs, says] of answers) {
    const predictor = await OnnxPredictor.open(await written(program(outputs), ours))
    t.regex(await fails(t, predictor.predict([image]), 'onnx-foreign'), says)
    await predictor.close()
  }
})

test('a file for tensors says so, and what lacks box and map answers without', async (t) => {
  const answer = program({ probabilities: { shape: [1, 2] } })
  const tensors = await OnnxPredictor.open(await written(answer, { ...ours, input: 'tensor' }))
  t.regex(await fails(t, tensors.predict([image]), 'onnx-needs-tensor'), /not images/)
  await tensors.close()
  const predictor = await OnnxPredictor.open(await written(answer, { ...ours, steps: 'no JSON' }))
  t.deepEqual(await predictor.predict([image]), [{ probabilities: new Float32Array(2), logits: {} }])
  await predictor.close()
})
