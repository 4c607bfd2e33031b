import { open, readFile } from 'node:fs/promises'

/** An image that is stored inside another file, such as a tar archive. */
export interface FilePart {
  readonly file: string
  /** The offset in the file, in bytes. */
  readonly offset: number
  /** In bytes. */
  readonly length: number
}

/** The path of an image file, or a part of an archive. */
export type ImageFile = string | FilePart

/** Returns the bytes of an image. @throws an error of the file system, or one if the file is truncated */
export async function readImageFile(source: ImageFile): Promise<Uint8Array> {
  if (typeof source === 'string') return readFile(source)
  const { file, offset, length } = source
  const handle = await open(file)
  try {
    const { size } = await handle.stat()
    if (offset + length > size) throw new Error(`${file} ends before the image does`)
    const bytes = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
      if (bytesRead === 0) throw new Error(`${file} ends before the image does`)
      done += bytesRead
    }
    return bytes
  } finally {
    await handle.close()
  }
}
