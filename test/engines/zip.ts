import { createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'

export interface Member {
  readonly name: string
  readonly content: string
  /** What the list of the wheel says of it, when that is not the truth. */
  readonly listed?: { readonly sha256?: string; readonly bytes?: number; readonly left?: 'out' }
}

/** A wheel as bytes: a zip of the members (without their CRCs, which nobody here reads), and the list of their hashes that every wheel has. */
export function wheelOf(members: readonly Member[]): Buffer {
  const record = members
    .filter(({ listed }) => listed?.left !== 'out')
    .map(({ name, content, listed }) => {
      const sha256 = listed?.sha256 ?? createHash('sha256').update(content).digest('base64url')
      return `${name},sha256=${sha256},${listed?.bytes ?? Buffer.byteLength(content)}\n`
    })
    .join('')
  return zipOf([...members, { name: 'made-1.0.dist-info/RECORD', content: `${record}made-1.0.dist-info/RECORD,,\n` }])
}

function zipOf(members: readonly Member[]): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content } of members) {
    const plain = Buffer.from(content)
    const packed = deflateRawSync(plain)
    const path = Buffer.from(name)
    const facts = Buffer.alloc(26)
    facts.writeUInt16LE(20, 0)
    facts.writeUInt16LE(8, 4)
    facts.writeUInt32LE(packed.length, 14)
    facts.writeUInt32LE(plain.length, 18)
    facts.writeUInt16LE(path.length, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), facts, path, packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000', 'latin1'), facts, tail, path]))
    locals.push(local)
    offset += local.length
  }
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(members.length, 4)
  end.writeUInt16LE(members.length, 6)
  end.writeUInt32LE(list.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...locals, list, Buffer.from('PK\u0005\u0006', 'latin1'), end])
}
