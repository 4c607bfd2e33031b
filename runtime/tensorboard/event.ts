import { maskedCrc32c } from './crc32c.js'

/** One entry of an event file (tensorflow/core/util/event.proto), with the fields that are written here. */
export type Event = { readonly wallTime: number; readonly step: number } & (
  | { readonly fileVersion: string }
  /** Training starts or resumes at this step: events of earlier files at this and later steps are discarded. */
  | { readonly started: true }
  | { readonly scalars: Readonly<Record<string, number>> }
)

/** The event as a record of a TFRecord file: length, its checksum, the message, its checksum. */
export function eventRecord(event: Event): Uint8Array {
  const message = encode(event)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(message.length))
  return Buffer.concat([length, checksum(length), message, checksum(message)])
}

function checksum(bytes: Uint8Array): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(maskedCrc32c(bytes))
  return buffer
}

/** Numbers of protobuf fields: see event.proto and summary.proto. */
function encode(event: Event): Buffer {
  const head = [double(1, event.wallTime), varint(2, event.step)]
  if ('fileVersion' in event) return Buffer.concat([...head, text(3, event.fileVersion)])
  // SessionLog, status START.
  if ('started' in event) return Buffer.concat([...head, nested(7, varint(1, 1))])
  const values = Object.entries(event.scalars).map(([tag, value]) =>
    nested(1, Buffer.concat([text(1, tag), float(2, value)])),
  )
  return Buffer.concat([...head, nested(5, Buffer.concat(values))])
}

const wire = { varint: 0, eightBytes: 1, length: 2, fourBytes: 5 } as const

function key(field: number, type: number): Buffer {
  return number((field << 3) | type)
}

function number(value: number): Buffer {
  const bytes: number[] = []
  let rest = BigInt(value)
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

function varint(field: number, value: number): Buffer {
  return Buffer.concat([key(field, wire.varint), number(value)])
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return Buffer.concat([key(field, wire.eightBytes), bytes])
}

function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return Buffer.concat([key(field, wire.fourBytes), bytes])
}

function text(field: number, value: string): Buffer {
  return nested(field, Buffer.from(value, 'utf8'))
}

function nested(field: number, content: Buffer): Buffer {
  return Buffer.concat([key(field, wire.length), number(content.length), content])
}
