/** One hash of everything that something was built from, to decide whether it must be built again. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Everything dist/ is made from. */
const sources = [
  'grammar',
  'compiler',
  'runtime',
  'cli',
  'editors',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
]

export async function sourcesHash(root) {
  const hash = createHash('sha256')
  for (const source of sources) await add(hash, root, source)
  return hash.digest('hex')
}

export async function lockHash(root) {
  const hash = createHash('sha256')
  // The addons in node_modules are of one machine and one kind of Node.
  hash.update(`${process.platform} ${process.arch}\n`)
  hash.update(await readFile(join(root, 'package-lock.json')))
  return hash.digest('hex')
}

/** The text of a file that may not be there. */
export async function textOf(file) {
  return readFile(file, 'utf8').catch(() => undefined)
}

async function add(hash, root, path) {
  const entries = await readdir(join(root, path), { withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOTDIR') return undefined
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (entries === undefined) {
    hash.update(`${path}\0`)
    hash.update(await readFile(join(root, path)))
    return
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.name.startsWith('.')) await add(hash, root, `${path}/${entry.name}`)
  }
}
