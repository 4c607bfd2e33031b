import { promisify } from 'node:util'
import yauzl from 'yauzl'

/** Returns the names of the entries of a zip file. */
export async function openZip(path: string): Promise<string[]> {
  const zip = await promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open)(path, { lazyEntries: false })
  const names: string[] = []
  await new Promise<void>((settle, fail) => {
    zip.on('entry', ({ fileName }: yauzl.Entry) => names.push(fileName))
    zip.on('end', settle)
    zip.on('error', fail)
  })
  return names
}
