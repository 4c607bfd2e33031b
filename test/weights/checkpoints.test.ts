import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { Failure } from '../../runtime/failure.js'
import { packageRoot } from '../../runtime/package-root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { openEntry, openWeightFile, readValues, type WeightFile } from '../../runtime/weights/file.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { openSafetensors, writeEntries } from '../../runtime/weights/safetensors.js'
import { storedZip } from '../support/stored_zip.js'

const fixtures = join(packageRoot(), 'test', 'weights', 'fixtures')
const folder = mkdtempSync(join(tmpdir(), 'wsban-checkpoints-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** Values as torch pickles them. */
const integer = (value: number) => `J${String.fromCharCode(...[0, 8, 16, 24].map((shift) => (value >> shift) & 255))}`
const text = (value: string) => `X${String.fromCharCode(value.length, 0, 0, 0)}${value}`
const tuple = (values: readonly number[]) => `(${values.map(integer).join('')}t`

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
    const error = await t.throwsAsync(openEntry(join(fixtures, name), 'teacher'), { instanceOf: Failure })
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

/** A checkpoint in torch's format before 1.6: the tensors, the keys of the storages, and these themselves. */
function oldFormat(tensors: Buffer, keys: string, storages = Buffer.alloc(0)): Buffer {
  const head = `\x80\x02\x8a\x0a${'\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19'}.K\x01.N.`
  return Buffer.concat([Buffer.from(head, 'latin1'), tensors, Buffer.from(keys, 'latin1'), storages])
}

/** A field of a protobuf message: a number below 128, or text or bytes of fewer. */
function proto(field: number, value: number | string | Buffer): Buffer {
  if (typeof value === 'number') return Buffer.from([field * 8, value])
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([field * 8 + 2, bytes.length]), bytes])
}

/** An ONNX file with one initializer of these fields. */
function onnxWith(...fields: readonly Buffer[]): Buffer {
  return proto(7, proto(5, Buffer.concat(fields)))
}

/** A tensor of one number. */
const one = { elements: 1, shape: [1], strides: [1] }

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
  'a storage shorter than it says': [
    storedZip([
      ['archive/data.pkl', tensorPickle({ elements: 4, shape: [1], strides: [1] })],
      ['archive/data/0', Buffer.alloc(8)],
    ]),
    /storage 0 has 8 bytes instead of 16/,
  ],
  'a storage of complex numbers': [
    archive(tensorPickle({ ...one, type: 'ComplexFloatStorage' })),
    /w is described in a way that no tensor is/,
  ],
  'a storage whose key is nothing': [archive(tensorPickle({ ...one, key: 'N' })), /described in a way that no tensor/],
  'a storage that is a number': [archive(tensorPickle({ ...one, id: 'K\x01' })), /described in a way that no tensor/],
  'a tensor that begins before its storage': [
    archive(tensorPickle({ ...one, offset: integer(-4) })),
    /described in a way that no tensor/,
  ],
  'a tensor of a negative shape': [
    archive(tensorPickle({ elements: 4, shape: [-1], strides: [1] })),
    /described in a way that no tensor/,
  ],
  'a tensor with fewer strides than dimensions': [
    archive(tensorPickle({ elements: 4, shape: [2, 2], strides: [1] })),
    /described in a way that no tensor/,
  ],
  'a tensor whose shape is a text': [
    archive(tensorPickle({ ...one, size: text('1') })),
    /described in a way that no tensor/,
  ],
  'a tensor of no arguments': [
    archive(valuePickle('ctorch._utils\n_rebuild_tensor_v2\n)R')),
    /described in a way that no tensor/,
  ],
  'a subclass of tensor of no arguments': [
    archive(valuePickle('ctorch._tensor\n_rebuild_from_type_v2\n)R')),
    /described in a way that no tensor/,
  ],
  'a parameter without a tensor': [archive(valuePickle('ctorch._utils\n_rebuild_parameter\n)R')), /holds no tensors/],
  'a description of 64 megabytes': [archive(Buffer.alloc(2 ** 26 + 1)), /data\.pkl would have 67108865 bytes/],
  'a description that is compressed': [
    storedZip([['archive/data.pkl', tensorPickle(one)]], 8),
    /data\.pkl in it is compressed/,
  ],
  'a checkpoint of a big-endian machine': [
    storedZip([
      ['archive/data.pkl', tensorPickle(one)],
      ['archive/byteorder', Buffer.from('big')],
      ['archive/data/0', Buffer.alloc(4)],
    ]),
    /big-endian/,
  ],
  'a pickle that takes from an empty stack': [archive(Buffer.from('\x80\x020.', 'latin1')), /its stack is empty/],
  'a pickle that ends in a mark': [archive(Buffer.from('\x80\x02(.', 'latin1')), /a mark stands where a value/],
  'a pickle without the mark it goes back to': [
    archive(Buffer.from('\x80\x02t.', 'latin1')),
    /a mark that is not there/,
  ],
  'a pickle that uses what it has not': [archive(Buffer.from('\x80\x02h\x05.', 'latin1')), /uses value 5 before/],
  'a pickle of one endless line': [archive(Buffer.from(`I${'1'.repeat(2 ** 20 + 1)}\n.`)), /a line without an end/],
  'a pickle that calls a number': [
    archive(Buffer.from('\x80\x02K\x01)R.', 'latin1')),
    /calls something that is no name/,
  ],
  'a pickle that fills a number': [
    archive(Buffer.from('\x80\x02K\x01K\x02K\x03s.', 'latin1')),
    /fills something that is no dict/,
  ],
  'a pickle that appends to a number': [
    archive(Buffer.from('\x80\x02K\x01K\x02a.', 'latin1')),
    /appends to something that is no list/,
  ],
  'a pickle that names a number': [archive(Buffer.from('\x80\x04K\x01K\x02\x93.', 'latin1')), /without a name/],
  'an old checkpoint that lists no storages': [oldFormat(tensorPickle(one), 'N.'), /does not list its storages/],
  'an old checkpoint with a storage that nothing uses': [
    oldFormat(tensorPickle(one), `]${text('7')}a.`, Buffer.alloc(8)),
    /nothing uses storage 7/,
  ],
  'an old checkpoint with a storage of another size': [
    oldFormat(tensorPickle(one), `]${text('0')}a.`, Buffer.from([9, 0, 0, 0, 0, 0, 0, 0])),
    /storage 0 has 9 elements instead of 1/,
  ],
  'an old checkpoint without a storage that a tensor needs': [
    oldFormat(tensorPickle(one), '].', Buffer.alloc(0)),
    /storage 0 is missing/,
  ],
  'a pickle of another program': [Buffer.from(`\x80\x02K\x01.K\x01.K\x01.N.`, 'latin1'), /not one that torch wrote/],
  'ONNX with its weights in another file': [
    onnxWith(proto(8, 'w'), proto(13, proto(1, 'location'))),
    /w lies in another file/,
  ],
  'ONNX with texts for weights': [onnxWith(proto(8, 'w'), proto(2, 8)), /w has element type 8/],
  'ONNX with fewer values than the shape': [
    onnxWith(proto(1, 3), proto(2, 1), proto(8, 'w'), proto(9, Buffer.alloc(8))),
    /w has 8 bytes instead of 12/,
  ],
  'ONNX without values': [onnxWith(proto(1, 3), proto(2, 1), proto(8, 'w')), /w has 0 bytes instead of 12/],
  'a number of more than 64 bits': [Buffer.concat([Buffer.from([8]), Buffer.alloc(12, 0xff)]), /more than 64 bits/],
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

interface Described {
  readonly elements: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  /** Parts of the pickle that are written otherwise than torch would. */
  readonly type?: string
  readonly key?: string
  readonly offset?: string
  readonly id?: string
  readonly size?: string
}

/** The call that makes a tensor, as torch writes it, over storage 0. */
function tensorCall({ elements, shape, strides, type = 'FloatStorage', key = text('0'), ...given }: Described): string {
  const storage = given.id ?? `(${text('storage')}ctorch\n${type}\n${key}${text('cpu')}${integer(elements)}t`
  const { offset = integer(0), size = tuple(shape) } = given
  return `ctorch._utils\n_rebuild_tensor_v2\n(${storage}Q${offset}${size}${tuple(strides)}\x89NtR`
}

/** A dict with a tensor `w`. */
function tensorPickle(described: Described): Buffer {
  return valuePickle(tensorCall(described))
}

/** A dict with a value `w`. */
function valuePickle(value: string): Buffer {
  return Buffer.from(`\x80\x02}${text('w')}${value}s.`, 'latin1')
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
