import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { Failure } from '../../runtime/failure.js'
import { readValues } from '../../runtime/weights/weight_file.js'
import {
  archive,
  header,
  integer,
  oldFormat,
  one,
  onnxWith,
  proto,
  sharedPickle,
  tensorPickle,
  text,
  valuePickle,
  weightFixtures,
  withFile,
} from '../support/crafted_checkpoints.js'
import { storedZip } from '../support/stored_zip.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-hostile-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** `os.system("touch FILE")`, as an attacker writes it. */
function evil(file: string, newer = false): Buffer {
  const command = Buffer.from(`touch '${file}'`)
  const text = Buffer.concat([Buffer.from([0x8c, command.length]), command])
  const head = newer
    ? Buffer.from('\x80\x04\x8c\x05posix\x8c\x06system\x93', 'latin1')
    : Buffer.from('\x80\x02cposix\nsystem\n', 'latin1')
  return Buffer.concat([head, text, Buffer.from('\x85R.', 'latin1')])
}

const proof = join(folder, 'was-run')
const oldMagic = readFileSync(join(weightFixtures, 'old.pth')).subarray(0, 2 + 2 + 10 + 1)

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
    /more than 300 levels deep/,
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
    const whole = readFileSync(join(weightFixtures, name))
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
