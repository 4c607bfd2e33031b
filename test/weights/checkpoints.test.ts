import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { Failure } from '../../runtime/failure.js'
import { packageRoot } from '../../runtime/package-root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { openWeightFile, readValues, type WeightFile } from '../../runtime/weights/file.js'
import { initialValues } from '../../runtime/weights/initialize.js'
import { openSafetensors, writeEntries } from '../../runtime/weights/safetensors.js'
import { storedZip } from '../support/stored_zip.js'

const fixtures = join(packageRoot(), 'test', 'weights', 'fixtures')
const folder = mkdtempSync(join(tmpdir(), 'wsban-checkpoints-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** What record.py put in, as float32. */
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

async function withFile<T>(path: string, work: (file: WeightFile) => Promise<T>): Promise<T> {
  const file = await openWeightFile(path)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

for (const [name, format, prefix] of [
  ['zip.pth', 'pytorch', ''],
  ['old.pth', 'pytorch (old format)', ''],
  ['all.safetensors', 'safetensors', ''],
  ['training.pth', 'pytorch', 'state_dict.module.'],
] as const)
  test(`${name} is read, every element type of it`, (t) =>
    withFile(join(fixtures, name), async (file) => {
      t.is(file.format, format)
      for (const [key, [shape, values]] of Object.entries(expected)) {
        const tensor = await readValues(file, prefix + key)
        t.deepEqual(tensor.shape, shape, key)
        t.deepEqual([...tensor.values], values, key)
      }
      t.is(file.entries.size, Object.keys(expected).length + (prefix === '' ? 0 : 1))
    }))

test('a checkpoint becomes safetensors with its element types, bit for bit', (t) =>
  withFile(join(fixtures, 'zip.pth'), async (file) => {
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
  withFile(join(fixtures, 'module.pth'), async (file) => {
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
    const pickle = readFileSync(join(fixtures, `extras-${protocol}.pkl`))
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

/** `os.system("touch FILE")`, as an attacker writes it. */
function evil(file: string, newer = false): Buffer {
  const command = Buffer.from(`touch '${file}'`)
  const text = Buffer.concat([Buffer.from([0x8c, command.length]), command])
  const head = newer
    ? Buffer.from('\x80\x04\x8c\x05posix\x8c\x06system\x93', 'latin1')
    : Buffer.from('\x80\x02cposix\nsystem\n', 'latin1')
  return Buffer.concat([head, text, Buffer.from('\x85R.', 'latin1')])
}

const archive = (pickle: Buffer) =>
  storedZip([
    ['archive/data.pkl', pickle],
    ['archive/version', Buffer.from('3\n')],
  ])
const header = (json: string, length = BigInt(Buffer.byteLength(json))) => {
  const head = Buffer.alloc(8)
  head.writeBigUInt64LE(length)
  return Buffer.concat([head, Buffer.from(json), Buffer.alloc(64)])
}
const proof = join(folder, 'was-run')
const oldMagic = readFileSync(join(fixtures, 'old.pth')).subarray(0, 2 + 2 + 10 + 1)

const hostile: Readonly<Record<string, readonly [content: Buffer, message: RegExp]>> = {
  'os.system in a zip': [archive(evil(proof)), /posix\.system.*nothing of it was run/],
  'os.system with a newer opcode': [archive(evil(proof, true)), /posix\.system/],
  'os.system in the old format': [Buffer.concat([oldMagic, evil(proof)]), /posix\.system/],
  'builtins.eval': [archive(Buffer.from('\x80\x02cbuiltins\neval\n.', 'latin1')), /builtins\.eval/],
  'an object of any class': [archive(Buffer.from('\x80\x02c__main__\nModel\n)\x81.', 'latin1')), /holds no tensors/],
  'tuples that share tuples': [archive(sharedPickle(200, '\x86')), /holds no tensors/],
  'dicts that share dicts': [archive(sharedPickle(200, 's')), /holds no tensors/],
  'tuples that share a tensor': [
    storedZip([
      ['archive/data.pkl', sharedPickle(200, '\x86', true)],
      ['archive/data/0', Buffer.alloc(4)],
    ]),
    /more than 100000 tensors/,
  ],
  'lists within lists': [
    archive(Buffer.from(`\x80\x02${']'.repeat(90_000)}${'a'.repeat(89_999)}.`, 'latin1')),
    /more than 300 deep/,
  ],
  'a quantized tensor': [
    archive(Buffer.from('\x80\x02ctorch._utils\n_rebuild_qtensor\n)R.', 'latin1')),
    /_rebuild_qtensor/,
  ],
  'a name that leads outside': [
    storedZip([
      ['../evil', Buffer.from('x')],
      ['archive/data.pkl', Buffer.from('N.')],
    ]),
    /relative path/,
  ],
  'an absolute name': [storedZip([['/etc/evil', Buffer.from('x')]]), /absolute path/],
  'a zip of something else': [storedZip([['readme.txt', Buffer.from('x')]]), /data\.pkl/],
  'a pickle without an end': [archive(Buffer.from(`\x80\x02${'}'.repeat(10)}`, 'latin1')), /ends in the middle/],
  'millions of dicts': [
    archive(Buffer.from(`\x80\x02${'}0'.repeat(5_100_000)}.`, 'latin1')),
    /more than 10000000 instructions/,
  ],
  'an unknown instruction': [archive(Buffer.from('\x80\x02\xff.', 'latin1')), /instruction 0xff/],
  'a dict that holds itself': [
    archive(Buffer.from('\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.', 'latin1')),
    /holds no tensors/,
  ],
  'a text of four gigabytes': [archive(Buffer.from('\x80\x02X\xff\xff\xff\xff.', 'latin1')), /ends in the middle/],
  'a tensor larger than its storage': [
    archive(tensorPickle({ elements: 1, shape: [1 << 20, 1 << 20], strides: [0, 0] })),
    /outside of its storage/,
  ],
  'a tensor without its storage': [
    archive(tensorPickle({ elements: 4, shape: [4], strides: [1] })),
    /storage 0 is missing/,
  ],
  'a header of 2^60 bytes': [header('{}', 2n ** 60n), /header would have/],
  'a header that is no table': [header('[1]'), /no table|neither/],
  'tensors over one another': [
    header(
      `{${Array.from({ length: 9 }, (_, i) => `"t${i}":{"dtype":"F32","shape":[16],"data_offsets":[0,64]}`).join()}}`,
    ),
    /over one another/,
  ],
  'an unknown element type': [header('{"w":{"dtype":"C64","shape":[2],"data_offsets":[0,16]}}'), /C64/],
  'neither of anything': [Buffer.from('this is a text and not a checkpoint at all'), /neither safetensors/],
  nothing: [Buffer.alloc(0), /0 bytes/],
}

/** Each level holds the one before twice: 2^levels paths in a few bytes. */
function sharedPickle(levels: number, level: '\x86' | 's', tensor = false): Buffer {
  const innermost = tensor
    ? tensorPickle({ elements: 1, shape: [1], strides: [1] }).subarray(3 + 1 + 5, -2)
    : Buffer.from(')')
  const twice = (index: number) =>
    level === 's' ? `r${long(index)}}(K\x01j${long(index)}K\x02j${long(index)}u` : `r${long(index)}j${long(index)}\x86`
  const levelsText = Array.from({ length: levels }, (_, i) => twice(i)).join('')
  return Buffer.concat([Buffer.from('\x80\x02', 'latin1'), innermost, Buffer.from(`${levelsText}.`, 'latin1')])
}

function long(index: number): string {
  return String.fromCharCode(index & 255, index >> 8, 0, 0)
}

/** A tensor as torch describes it, over storage 0. */
function tensorPickle({
  elements,
  shape,
  strides,
}: {
  elements: number
  shape: readonly number[]
  strides: readonly number[]
}): Buffer {
  const integer = (value: number) => `J${String.fromCharCode(...[0, 8, 16, 24].map((shift) => (value >> shift) & 255))}`
  const text = (value: string) => `X${String.fromCharCode(value.length, 0, 0, 0)}${value}`
  const tuple = (values: readonly number[]) => `(${values.map(integer).join('')}t`
  const storage = `(${text('storage')}ctorch\nFloatStorage\n${text('0')}${text('cpu')}${integer(elements)}tQ`
  return Buffer.from(
    `\x80\x02}${text('w')}ctorch._utils\n_rebuild_tensor_v2\n(${storage}${integer(0)}${tuple(shape)}${tuple(strides)}\x89NtRs` +
      '.',
    'latin1',
  )
}

for (const [name, [content, message]] of Object.entries(hostile))
  test(`hostile: ${name}`, async (t) => {
    const place = mkdtempSync(join(folder, 'hostile-'))
    const path = join(place, 'checkpoint')
    writeFileSync(path, content)
    const error = await t.throwsAsync(
      withFile(path, async (file) => {
        for (const key of file.entries.keys()) await readValues(file, key)
      }),
      { instanceOf: Failure },
    )
    t.is(error?.problem.code, 'weights-unreadable')
    t.regex(error?.message ?? '', message)
    t.true(error?.message.includes(path))
    t.deepEqual(readdirSync(place), ['checkpoint'], 'nothing was written')
    t.false(existsSync(proof), 'nothing was run')
  })

for (const name of ['zip.pth', 'old.pth', 'training.pth', 'all.safetensors'])
  test(`${name} cut off at each of 50 places is refused`, async (t) => {
    const whole = readFileSync(join(fixtures, name))
    const path = join(folder, `cut-${name}`)
    for (let place = 0; place < 50; place++) {
      writeFileSync(path, whole.subarray(0, Math.floor((whole.length * place) / 50)))
      const error = await t.throwsAsync(
        withFile(path, async (file) => {
          for (const key of file.entries.keys()) await readValues(file, key)
        }),
        { instanceOf: Failure },
      )
      t.is(error?.problem.code, 'weights-unreadable', `cut at ${place} of 50: ${error?.message}`)
    }
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
  t.regex(error?.message ?? '', /w in .* NaN at place 2/)
})
