import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type Unreadable, unreadable } from '../weight_file.js'

const window = 1 << 16

/** Random access to a file through a small buffer. */
export class ByteFile {
  readonly size: number
  /** The offset of the next byte. */
  position = 0
  readonly fail: Unreadable
  private readonly descriptor: number
  private buffer: Buffer = Buffer.alloc(0)
  private bufferStart = 0

  constructor(readonly path: string) {
    this.fail = unreadable(path)
    this.descriptor = openSync(path, 'r')
    this.size = fstatSync(this.descriptor).size
  }

  byte(): number {
    const at = this.position - this.bufferStart
    if (at >= 0 && at < this.buffer.length) {
      this.position++
      return this.buffer.readUInt8(at)
    }
    return this.take(1).readUInt8()
  }

  take(count: number): Buffer {
    if (!(count >= 0) || this.position + count > this.size)
      throw this.fail(`it ends at byte ${this.size}, in the middle of something`)
    const start = this.position - this.bufferStart
    this.position += count
    if (start >= 0 && start + count <= this.buffer.length) return this.buffer.subarray(start, start + count)
    if (count > window) return this.readAt(this.position - count, count)
    this.bufferStart = this.position - count
    this.buffer = this.readAt(this.bufferStart, Math.min(window, this.size - this.bufferStart))
    return this.buffer.subarray(0, count)
  }

  readAt(start: number, count: number): Buffer {
    if (start < 0 || count < 0 || start + count > this.size) throw this.fail('a tensor lies outside of the file')
    const bytes = Buffer.alloc(count)
    let done = 0
    while (done < count) {
      const got = readSync(this.descriptor, bytes, done, count - done, start + done)
      if (got === 0) throw this.fail('it became shorter while it was read')
      done += got
    }
    return bytes
  }

  close(): void {
    closeSync(this.descriptor)
  }
}
