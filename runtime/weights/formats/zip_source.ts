import { Readable } from 'node:stream'
import { RandomAccessReader } from 'yauzl'
import type { ByteFile } from './byte_file.js'

/** The chunk size of a stream, in bytes. */
const piece = 1 << 20

/** A file for yauzl. Its own reader throws an uncaught exception from a callback if a damaged zip has an offset far beyond the end of the file. */
export class ZipSource extends RandomAccessReader {
  constructor(private readonly file: ByteFile) {
    super()
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    const error = this.outside(position, position + length)
    if (!error) this.file.readAt(position, length).copy(buffer, offset)
    setImmediate(callback, error)
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.pieces(start, end))
  }

  override close(callback: (error: Error | null) => void): void {
    this.file.close()
    callback(null)
  }

  private *pieces(start: number, end: number): Generator<Buffer> {
    const error = this.outside(start, end)
    if (error) throw error
    for (let at = start; at < end; at += piece) yield this.file.readAt(at, Math.min(piece, end - at))
  }

  private outside(start: number, end: number): Error | null {
    if (start >= 0 && start <= end && end <= this.file.size) return null
    return new Error(`it names bytes ${start} to ${end} of ${this.file.size}`)
  }
}
