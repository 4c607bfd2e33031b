import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { Failure } from '../../runtime/failure.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { openSafetensors, writeEntries } from '../../runtime/weights/formats/safetensors.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { openEntry, openWeightFile } from '../../runtime/weights/open_weight_file.js'
import { readValues } from '../../runtime/weights/weight_file.js'
import {
  header,
  one,
  onnxWith,
  proto,
  tensorCall,
  tensorPickle,
  tuple,
  valuePickle,
  weightFixtures,
  withFile,
} from '../support/crafted_checkpoints.js'
import { storedZip } from '../support/stored_zip.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-checkpoints-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
/** The values that record.py stored, as float32. */
const expected: Readonly<Record<string, readonly [shape: readonly number[], values: readonly number[]]>> = {
  'conv.weight': [[2, 3, 2, 2], Array.from({ length: 24 }, (_, i) => i / 8)],
  'conv.turned': [
    [4, 3],
    [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11],
  ],
  'conv.cut': [
    [2, 2],
    [5, 6, 9, 10],
  ],
  half: [[5], [1, -2.5, 65504, 2 ** -24, 0.0999755859375]],
  brain: [[4], [1, -2.5, 226 * 2 ** 120, 0.10009765625]],
  double: [[2], [Math.fround(0.1), Math.fround(-1e-30)]],
  counter: [[], [7]],
  flags: [[3], [1, 0, 1]],
  bytes: [[2], [0, 255]],
  empty: [[0, 3], []],
}
for (const [name, format, prefix] of [
  ['zip.pth', 'pytorch', ''],
  ['old.pth', 'pytorch (old format)', ''],
  ['all.safetensors', 'safetensors', ''],
  ['training.pth', 'pytorch', 'state_dict.module.'],
] as const)
  test(`${name} is read, every element type of it`, (t) =>
    withFile(join(weightFixtures, name), async (file) => {
      t.is(file.format, format)
      for (const [key, [shape, values]] of Object.entries(expected)) {
        const tensor = await readValues(file, prefix + key)
        t.deepEqual(tensor.shape, shape, key)
        t.deepEqual([...tensor.values], values, key)
      }
      t.is(file.entries.size, Object.keys(expected).length + (prefix === '' ? 0 : 1))
    }))

test('a checkpoint becomes safetensors with its element types, bit for bit', (t) =>
  withFile(join(weightFixtures, 'zip.pth'), async (file) => {
    const path = join(folder, 'converted.safetensors')
    await writeEntries(path, file.entries, { from: 'zip.pth' })
    const converted = openSafetensors(path)
    t.is(converted.metadata.from, 'zip.pth')
    for (const [key, entry] of file.entries) {
      const other = converted.entries.get(key)
      t.is(other?.dtype, entry.dtype, key)
      t.deepEqual([...((await other?.bytes()) ?? [])], [...(await entry.bytes())], key)
    }
    await converted.close()
  }))

test('a subclass of tensor, and a shape as torch.Size, are read as the tensors they are', async (t) => {
  const given = tensorCall({ ...one, size: `ctorch\nSize\n(${tuple([1])}tR` })
  const made = given.replace('ctorch._utils\n_rebuild_tensor_v2\n', '').replace(/R$/, '')
  const path = join(folder, 'subclass.pth')
  const subclass = `ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n${made}NtR`
  writeFileSync(
    path,
    storedZip([
      ['archive/data.pkl', valuePickle(subclass)],
      ['archive/data/0', Buffer.from(Float32Array.of(2.5).buffer)],
    ]),
  )
  await withFile(path, async (file) => t.deepEqual([...(await readValues(file, 'w')).values], [2.5]))
})

test('ONNX initializers with their shape in one field and their values as numbers are read', async (t) => {
  const path = join(folder, 'packed.onnx')
  const values = Buffer.from(Float32Array.of(1.5, -2).buffer)
  writeFileSync(path, onnxWith(proto(1, Buffer.from([1, 2])), proto(2, 1), proto(4, values), proto(8, 'w')))
  await withFile(path, async (file) => {
    const { shape, values: found } = await readValues(file, 'w')
    t.deepEqual(
      [shape, [...found]],
      [
        [1, 2],
        [1.5, -2],
      ],
    )
  })
})

test('a file that is not there, and a folder, hold no weights', async (t) => {
  for (const path of [join(folder, 'nowhere.pth'), folder]) {
    const error = await t.throwsAsync(openWeightFile(path), { instanceOf: Failure })
    t.is(error?.problem.code, 'weights-unreadable')
    t.true(error?.message.includes(path))
  }
})

test('of a checkpoint with several models, a name that is not there is answered with those that are', async (t) => {
  const missing = async (name: string) => {
    const error = await t.throwsAsync(openEntry(join(weightFixtures, name), 'teacher'), { instanceOf: Failure })
    t.is(error?.problem.code, 'weights-entry-missing')
    return error?.problem.help
  }
  t.regex((await missing('training.pth')) ?? '', /stand under state_dict/)
  t.is(await missing('module.pth'), 'its tensors stand under no name')
})

test("an exported ONNX file's weights are read back", async (t) => {
  const { graph, stored } = compileFile(join(packageRoot(), 'models', 'wsban_tiny.wsban'))
  if (!graph) throw new Error('it does not compile')
  const path = join(folder, 'tiny.onnx')
  await exportOnnx({
    graph,
    stored,
    classes: undefined,
    path,
    input: 'image',
    weights: { seed: 3 },
    without: ['fold-batch-norm', 'fold-scales'],
  })
  await withFile(path, async (file) => {
    t.is(file.format, 'onnx')
    const parameter = graph.parameters.get('master.trunk.layer2.conv1.conv.weight')
    if (!parameter) throw new Error('no such parameter')
    const { shape, values } = await readValues(file, parameter.name)
    t.deepEqual(shape, parameter.shape)
    t.deepEqual(values, initialValues(parameter, 3))
  })
})

test('a whole module is read as its state dict would be', (t) =>
  withFile(join(weightFixtures, 'module.pth'), async (file) => {
    t.deepEqual([...file.entries].map(([name, { shape }]) => [name, shape]).sort(), [
      ['bias', [2]],
      ['weight', [2, 2]],
    ])
  }))

for (const protocol of [1, 2, 3, 4, 5])
  test(`what training programs add to tensors is passed by, in pickle protocol ${protocol}`, async (t) => {
    const path = join(folder, `extras-${protocol}.pth`)
    const values = Buffer.alloc(8)
    values.writeFloatLE(1.5)
    values.writeFloatLE(-2, 4)
    const pickle = readFileSync(join(weightFixtures, `extras-${protocol}.pkl`))
    writeFileSync(
      path,
      storedZip([
        ['archive/data.pkl', pickle],
        ['archive/data/0', values],
      ]),
    )
    await withFile(path, async (file) => {
      t.deepEqual([...file.entries.keys()], ['state_dict.weight', 'state_dict.__proto__'])
      t.deepEqual([...(await readValues(file, 'state_dict.__proto__')).values], [1.5, -2])
    })
  })

test('tensors called like the parts of JavaScript objects keep their names in safetensors', async (t) => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']
  const entries = new Map(
    names.map((name, i) => [
      name,
      { dtype: 'F32' as const, shape: [1], bytes: async () => new Uint8Array([0, 0, i, 64]) },
    ]),
  )
  const path = join(folder, 'names.safetensors')
  await writeEntries(path, entries, Object.fromEntries([['__proto__', 'a note']]))
  await withFile(path, async (file) => {
    t.deepEqual([...file.entries.keys()], names)
    t.deepEqual(Object.entries(file.metadata), [['__proto__', 'a note']])
    for (const [i, name] of names.entries())
      t.deepEqual([...((await file.entries.get(name)?.bytes()) ?? [])], [0, 0, i, 64])
  })
})

test('a tensor called as safetensors calls its notes is not written over them', async (t) => {
  const entry = { dtype: 'F32' as const, shape: [1], bytes: async () => new Uint8Array(4) }
  const path = join(folder, 'notes.safetensors')
  const error = await t.throwsAsync(writeEntries(path, new Map([['__metadata__', entry]]), {}), { instanceOf: Failure })
  t.is(error?.problem.code, 'weights-unwritable')
  t.false(existsSync(path))
})

test('a list of 300,000 values and a chain of 250 dicts do not hide the tensor beside them', async (t) => {
  const tensor = tensorPickle({ elements: 1, shape: [1], strides: [1] }).subarray(3, -2)
  const long = `X\x04\x00\x00\x00long](${'K\x01'.repeat(300_000)}e`
  const deep = `X\x04\x00\x00\x00deep${'}X\x01\x00\x00\x00a'.repeat(250)}N${'s'.repeat(250)}`
  const pickle = Buffer.concat([Buffer.from(`\x80\x02}(${long}${deep}`, 'latin1'), tensor, Buffer.from('u.', 'latin1')])
  const path = join(folder, 'long.pth')
  writeFileSync(
    path,
    storedZip([
      ['archive/data.pkl', pickle],
      ['archive/data/0', Buffer.alloc(4)],
    ]),
  )
  await withFile(path, async (file) => t.deepEqual([...file.entries.keys()], ['w']))
})

test('a value that is no number is named with its tensor', async (t) => {
  const path = join(folder, 'nan.safetensors')
  const json = '{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'
  const content = header(json).subarray(0, 8 + json.length + 16)
  content.writeFloatLE(Number.NaN, 8 + json.length + 8)
  writeFileSync(path, content)
  const error = await t.throwsAsync(
    withFile(path, (file) => readValues(file, 'w')),
    { instanceOf: Failure },
  )
  t.is(error?.problem.code, 'weights-not-finite')
  t.regex(error?.message ?? '', /w in .* NaN at index 2/)
})
