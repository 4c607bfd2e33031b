import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { unpackWheel } from '../../runtime/engines/provision/unpack.js'
import { Failure } from '../../runtime/failure.js'

/** A zip file of stored members. */
function zip(members: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(members)) {
    const data = Buffer.from(content)
    const title = Buffer.from(name)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(10, 0)
    fields.writeUInt32LE(checksum(data), 10)
    fields.writeUInt32LE(data.length, 14)
    fields.writeUInt32LE(data.length, 18)
    fields.writeUInt16LE(title.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, title, data])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), Buffer.from([20, 0]), fields, place, title]))
    parts.push(local)
    offset += local.length
  }
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(directory.length, 4)
  end.writeUInt16LE(directory.length, 6)
  end.writeUInt32LE(list.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, list, Buffer.from('PK\x05\x06', 'latin1'), end])
}

/** CRC-32, which Node has itself only from 20.15 on. */
function checksum(data: Buffer): number {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

function recordLine(name: string, content: string): string {
  return `${name},sha256=${createHash('sha256').update(content).digest('base64url')},${Buffer.byteLength(content)}`
}

async function withWheel(
  members: Readonly<Record<string, string>>,
  check: (wheel: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'wsban wheel '))
  try {
    const wheel = join(folder, 'a wheel.whl')
    await writeFile(wheel, zip(members))
    await check(wheel, join(folder, 'out'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('the wanted members come out, where they were wanted', (t) =>
  withWheel(
    {
      'tensorflow/lib.so': 'code',
      'tensorflow/other.py': 'python',
      'tensorflow-2.dist-info/RECORD': [
        recordLine('tensorflow/lib.so', 'code'),
        recordLine('tensorflow/other.py', 'python'),
      ].join('\n'),
    },
    async (wheel, folder) => {
      const result = await unpackWheel(wheel, folder, (member) => (member.endsWith('.so') ? 'lib/lib.so' : undefined))
      t.deepEqual(result, { files: 1, bytes: 4 })
      t.is(await readFile(join(folder, 'lib', 'lib.so'), 'utf8'), 'code')
      t.false(existsSync(join(folder, 'other.py')))
    },
  ))

test('a member that differs from the list is refused', (t) =>
  withWheel({ 'a.so': 'evil', 'x.dist-info/RECORD': recordLine('a.so', 'code') }, async (wheel, folder) => {
    const error = await t.throwsAsync(
      unpackWheel(wheel, folder, (member) => member),
      { instanceOf: Failure },
    )
    t.regex(error?.message ?? '', /a\.so has not the hash/)
  }))

test('a member that is not in the list is refused', (t) =>
  withWheel({ 'a.so': 'code', 'x.dist-info/RECORD': '' }, async (wheel, folder) => {
    const error = await t.throwsAsync(
      unpackWheel(wheel, folder, (member) => (member === 'a.so' ? member : undefined)),
      { instanceOf: Failure },
    )
    t.regex(error?.message ?? '', /not in its RECORD/)
  }))

test('half a wheel is a failure with a next step', (t) =>
  withWheel({ 'a.so': 'code', 'x.dist-info/RECORD': recordLine('a.so', 'code') }, async (wheel, folder) => {
    await writeFile(wheel, (await readFile(wheel)).subarray(0, 40))
    const error = await t.throwsAsync(
      unpackWheel(wheel, folder, (member) => member),
      { instanceOf: Failure },
    )
    t.truthy(error?.problem.help)
  }))
