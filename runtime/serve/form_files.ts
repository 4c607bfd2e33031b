import { Busboy, type BusboyHeaders } from '@fastify/busboy'
import { reasonOf } from '../failure.js'
import { Refusal } from './refusal.js'

export interface UploadedFile {
  /** As the sender calls it. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** Files of one form. */
export const mostFiles = 64

/** Returns the files of a `multipart/form-data` body (RFC 7578). @throws Refusal 400, 413 */
export function filesOfForm(contentType: string, body: Uint8Array): Promise<readonly UploadedFile[]> {
  return new Promise((settle, fail) => {
    const malformed = (error: unknown) => fail(new Refusal(400, `the form cannot be read: ${reasonOf(error)}`))
    const tooMany = () => fail(new Refusal(413, `a form may have ${mostFiles} files`))
    let parser: Busboy
    try {
      const headers: BusboyHeaders = { 'content-type': contentType }
      parser = new Busboy({
        headers,
        limits: {
          fieldNameSize: 200,
          fieldSize: 2 ** 16,
          fields: mostFiles,
          files: mostFiles,
          parts: 2 * mostFiles,
          headerPairs: 32,
        },
      })
    } catch (error) {
      malformed(error)
      return
    }
    const files: UploadedFile[] = []
    parser.on('file', (_field, stream, filename) => {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => files.push({ name: filename, bytes: Buffer.concat(parts) }))
      stream.on('error', malformed)
    })
    parser.on('filesLimit', tooMany)
    parser.on('partsLimit', tooMany)
    parser.on('fieldsLimit', tooMany)
    parser.on('error', malformed)
    parser.on('finish', () => settle(files))
    parser.end(body)
  })
}
