import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { present } from '../../grammar/present.js'
import { decodeImage } from '../../runtime/images/decode.js'
import { OnnxPredictor } from '../../runtime/inference/onnx.js'
import { predictionRecord } from '../../runtime/inference/prediction_record.js'
import { silent } from '../../runtime/reporter.js'
import { ServedModel } from '../../runtime/serve/served_model.js'
import { exportedModel } from '../support/exported_model.js'
import { type OpenServer, openServer } from '../support/serve.js'
import { sharp } from '../support/sharp.js'

const { model } = exportedModel()
const folder = mkdtempSync(join(tmpdir(), 'wsban-serve-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

let open: OpenServer
test.before(async () => {
  open = await openServer(model, { wait: 50 })
})
test.after.always(() => open?.close())

/** Images of three sizes, so that some share a batch and others do not. */
async function images(): Promise<Uint8Array<ArrayBuffer>[]> {
  const sizes = [
    [60, 40],
    [33, 71],
    [60, 40],
    [96, 96],
    [60, 40],
    [96, 96],
  ] as const
  return Promise.all(
    sizes.map(([width, height], index) =>
      sharp({
        create: {
          width,
          height,
          channels: 3,
          background: 'grey',
          noise: { type: 'gaussian', mean: 60 + 25 * index, sigma: 40 },
        },
      })
        .png()
        .toBuffer()
        .then((png) => new Uint8Array(png)),
    ),
  )
}

const record = z.object({
  image: z.string(),
  classes: z.array(z.object({ name: z.string(), probability: z.number() })),
  box: z.array(z.number()),
  branches: z.record(z.string(), z.string()),
})
const document = z.object({ ok: z.boolean(), predictions: z.array(record), unreadable: z.number() })

function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer> | FormData,
  headers: Record<string, string> = {},
  address = open.address,
): Promise<Response> {
  return fetch(`${address}${path}`, { method: 'POST', body, headers })
}

/** ONNX Runtime sums batches in another order. */
const tolerance = 1e-6

test('answers are those of predict, whatever batch an image lands in', async (t) => {
  const files = await images()
  const own = await openServer(model, { wait: 50 })
  const predictor = await OnnxPredictor.open(model)
  const expected = []
  for (const file of files) {
    const [answer] = await predictor.predict([await decodeImage(file)])
    expected.push(record.parse({ image: 'image', ...predictionRecord(present(answer, 'an answer'), predictor, 8) }))
  }
  await predictor.close()
  const answers = await Promise.all(
    [...files, ...files].map(async (body) => {
      const response = await post('/predict?top=8', body, { 'Content-Type': 'image/png' }, own.address)
      t.is(response.status, 200)
      return document.parse(await response.json())
    }),
  )
  for (const [index, { ok, predictions, unreadable }] of answers.entries()) {
    t.true(ok)
    t.is(unreadable, 0)
    const [found, wanted] = [present(predictions[0], 'a prediction'), present(expected[index % files.length], 'one')]
    t.is(found.classes.length, 8)
    const probabilities = new Map(found.classes.map(({ name, probability }) => [name, probability]))
    for (const { name, probability } of wanted.classes)
      t.true(Math.abs((probabilities.get(name) ?? Number.NaN) - probability) <= tolerance, name)
    t.is(found.classes[0]?.name, wanted.classes[0]?.name)
    for (const [side, value] of wanted.box.entries())
      t.true(Math.abs((found.box[side] ?? Number.NaN) - value) <= tolerance)
    t.deepEqual(found.branches, wanted.branches)
  }
  const text = await (await fetch(`${own.address}/metrics`)).text()
  await own.close()
  const figure = (name: string) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1])
  t.is(figure('wsban_batch_size_sum'), answers.length)
  t.true(figure('wsban_batch_size_count') < answers.length, 'some of them shared a batch')
  t.is(figure('wsban_queue_length'), 0)
  t.true(figure('process_resident_memory_bytes') > 0)
})

test('a form has several images; what cannot be read is named, by the name that the sender gave', async (t) => {
  const [first, second] = await images()
  const form = new FormData()
  form.append('any', new Blob([present(first, 'an image')]), 'first.png')
  form.append('other', new Blob([present(second, 'an image')]), '../"second"\n.png')
  const right = document.parse(await (await post('/predict', form)).json())
  t.deepEqual([right.ok, right.predictions.length], [true, 2])
  t.deepEqual(
    right.predictions.map(({ classes }) => classes.length),
    [3, 3],
  )
  form.append('last', new Blob(['no image']), 'notes.txt')
  const response = await post('/predict', form)
  t.is(response.status, 422)
  const mixed = z
    .object({ ok: z.literal(false), predictions: z.array(z.record(z.string(), z.unknown())), unreadable: z.literal(1) })
    .parse(await response.json())
  t.deepEqual(Object.keys(present(mixed.predictions[2], 'the third')), ['image', 'error'])
  t.like(mixed.predictions[2], { image: 'notes.txt', error: { code: 'image-unreadable' } })
})

const inference = z.object({
  model_name: z.literal('birds'),
  id: z.string().optional(),
  outputs: z.array(
    z.object({
      name: z.string(),
      shape: z.array(z.number()),
      datatype: z.literal('FP32'),
      data: z.array(z.number()).optional(),
      parameters: z.object({ binary_data_size: z.number() }).optional(),
    }),
  ),
})

test('the Open Inference Protocol: tensors as JSON, nested or flat, and as bytes', async (t) => {
  const { width, height, data } = await decodeImage(present((await images())[0], 'an image'))
  const shape = [1, height, width, 3]
  const flat = Array.from(data)
  const nested = [
    Array.from({ length: height }, (_, y) =>
      Array.from({ length: width }, (_, x) => flat.slice((y * width + x) * 3, (y * width + x) * 3 + 3)),
    ),
  ]
  const ask = async (values: unknown) => {
    const body = JSON.stringify({
      id: 'a "1"',
      inputs: [{ name: 'image', shape, datatype: 'UINT8', data: values }],
      outputs: [{ name: 'probabilities' }, { name: 'boxes' }],
    })
    const response = await post('/v2/models/birds/infer', body, { 'Content-Type': 'application/json' })
    t.is(response.status, 200)
    return inference.parse(await response.json())
  }
  const asFlat = await ask(flat)
  t.is(asFlat.id, 'a "1"')
  t.deepEqual(
    asFlat.outputs.map(({ name, shape: of }) => [name, of]),
    [
      ['probabilities', [1, 8]],
      ['boxes', [1, 4]],
    ],
  )
  t.deepEqual(await ask(nested), asFlat)

  const head = JSON.stringify({
    parameters: { binary_data_output: true },
    inputs: [{ name: 'image', shape, datatype: 'UINT8', parameters: { binary_data_size: data.length } }],
    outputs: [{ name: 'boxes', parameters: { binary_data: false } }, { name: 'probabilities' }],
  })
  const response = await post('/v2/models/birds/infer', new Uint8Array(Buffer.concat([Buffer.from(head), data])), {
    'Inference-Header-Content-Length': String(Buffer.byteLength(head)),
  })
  t.is(response.headers.get('content-type'), 'application/octet-stream')
  const bytes = Buffer.from(await response.arrayBuffer())
  const end = Number(response.headers.get('inference-header-content-length'))
  const { id, outputs } = inference.parse(JSON.parse(bytes.subarray(0, end).toString()))
  t.is(id, undefined)
  t.deepEqual(outputs[0]?.data, asFlat.outputs[1]?.data)
  t.deepEqual(outputs[1]?.parameters, { binary_data_size: 32 })
  t.is(bytes.length, end + 32)
  const probabilities = Array.from({ length: 8 }, (_, index) => bytes.readFloatLE(end + 4 * index))
  t.deepEqual(probabilities, asFlat.outputs[0]?.data)
})

test('the server and its model describe themselves', async (t) => {
  const get = async (path: string) => {
    const response = await fetch(`${open.address}${path}`)
    return [response.status, await response.json()] as const
  }
  t.like((await get('/v2'))[1], { name: 'wsban', extensions: ['binary_tensor_data'] })
  t.deepEqual(await get('/v2/health/live'), [200, { live: true }])
  t.deepEqual(await get('/v2/health/ready'), [200, { ready: true }])
  t.deepEqual(await get('/v2/models/birds/ready'), [200, { name: 'birds', ready: true }])
  const [, described] = await get('/v2/models/birds')
  const tensor = z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.number()) })
  const { inputs, outputs } = z.object({ inputs: z.array(tensor), outputs: z.array(tensor) }).parse(described)
  t.deepEqual(inputs, [{ name: 'image', datatype: 'UINT8', shape: [-1, -1, -1, 3] }])
  t.deepEqual(
    outputs.map(({ name }) => name),
    ['probabilities', 'boxes', 'attention', 'logits/master', 'logits/part'],
  )
  t.is((await get('/v2/models/cars'))[0], 404)
})

test('the page for people loads nothing from elsewhere', async (t) => {
  const response = await fetch(open.address)
  t.is(response.headers.get('content-type'), 'text/html; charset=utf-8')
  const policy = response.headers.get('content-security-policy') ?? ''
  t.regex(policy, /default-src 'none'/)
  t.notRegex(policy, /https?:/)
  t.regex(await response.text(), /<h1>birds<\/h1>/)
  const script = await fetch(`${open.address}/serve.js`)
  t.is(script.status, 200)
  t.notRegex(await script.text(), /innerHTML|insertAdjacentHTML|document\.write/)
})

test('a file of another program is refused', async (t) => {
  const { writeFileSync } = await import('node:fs')
  const path = join(folder, 'other.onnx')
  writeFileSync(path, 'no model')
  const error = await t.throwsAsync(ServedModel.open(path, 'other', silent))
  t.like(error, { problem: { code: 'onnx-unreadable' } })
})
