import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { tritonConfig } from '../../runtime/export/triton.js'
import { wsbanIn } from '../support/commands.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-triton-'))
const wsban = wsbanIn(folder)
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const read = (path: string) => readFileSync(join(folder, path), 'utf8')

/** Parsed by tritonclient 2.73 with `google.protobuf.text_format` as a ModelConfig; check a change with it again. */
const config = `name: "wsban_tiny"
backend: "onnxruntime"
max_batch_size: 8
input [
  {
    name: "image"
    data_type: TYPE_UINT8
    dims: [ -1, -1, 3 ]
  }
]
output [
  {
    name: "probabilities"
    data_type: TYPE_FP32
    dims: [ 8 ]
    label_filename: "labels.txt"
  },
  {
    name: "boxes"
    data_type: TYPE_FP32
    dims: [ 4 ]
  },
  {
    name: "attention"
    data_type: TYPE_FP32
    dims: [ 12, 12 ]
  },
  {
    name: "logits/master"
    data_type: TYPE_FP32
    dims: [ 8 ]
  },
  {
    name: "logits/part"
    data_type: TYPE_FP32
    dims: [ 8 ]
  }
]
dynamic_batching { max_queue_delay_microseconds: 2000 }
`

test('a model repository holds the file, its configuration and the names of the classes', (t) => {
  const { status, err } = wsban('export', 'wsban_tiny', '-o', 'tiny.onnx', '--triton', 'models')
  t.is(status, 0, err)
  t.is(read('models/wsban_tiny/config.pbtxt'), config)
  t.deepEqual(readFileSync(join(folder, 'models/wsban_tiny/1/model.onnx')), readFileSync(join(folder, 'tiny.onnx')))
  t.is(read('models/wsban_tiny/labels.txt'), Array.from({ length: 8 }, (_, index) => `class ${index}\n`).join(''))
  // A file that wsban wrote is replaced; one that a person has edited is not.
  t.is(wsban('export', 'wsban_tiny', '-o', 'tiny.onnx', '--seed', '2', '--triton', 'models').status, 0)
  writeFileSync(join(folder, 'models/wsban_tiny/config.pbtxt'), `${config}instance_group [ { count: 2 } ]\n`)
  const again = wsban('export', 'wsban_tiny', '-o', 'tiny.onnx', '--triton', 'models', '--json')
  t.is(again.status, 2)
  t.is(z.object({ error: z.object({ code: z.string() }) }).parse(JSON.parse(again.out)).error.code, 'file-exists')
  t.regex(read('models/wsban_tiny/config.pbtxt'), /instance_group/)
})

test('normalised tensors, one number for an image, and files without batches', (t) => {
  const tensor = (name: string, shape: readonly number[]) => ({ name, datatype: 'FP32', shape }) as const
  const batched = tritonConfig({
    name: 'odd "name"\n\u00e9',
    inputs: [tensor('image', [-1, 3, 96, 96])],
    outputs: [tensor('early', [-1])],
  })
  t.regex(batched, /^name: "odd \\042name\\042\\012\\303\\251"$/m)
  t.regex(batched, /dims: \[ 3, 96, 96 \]/)
  t.regex(batched, /name: "early"\n {4}data_type: TYPE_FP32\n {4}dims: \[ 1 \]\n {4}reshape: \{ shape: \[ \] \}/)
  const single = tritonConfig({
    name: 'single',
    inputs: [tensor('image', [-1, 3, 96, 96])],
    outputs: [tensor('answer', [8])],
  })
  t.regex(single, /max_batch_size: 0/)
  t.regex(single, /dims: \[ -1, 3, 96, 96 \]/)
  t.notRegex(single, /dynamic_batching/)
})
