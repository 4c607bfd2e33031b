/** Files of the package that the build puts into the code, so that it needs none of them beside it: esbuild plugins. */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The version, and nothing else of package.json. */
const version = {
  name: 'version',
  setup(build) {
    build.onLoad({ filter: /[\\/]package\.json$/ }, async ({ path }) => {
      if (path !== join(root, 'package.json')) return undefined
      const { version } = JSON.parse(await readFile(path, 'utf8'))
      return { contents: `export default ${JSON.stringify({ version })}`, loader: 'js' }
    })
  },
}

/** Tables are bundled as text: V8 reads JSON several times as fast as an object of JavaScript. */
const tables = {
  name: 'tables',
  setup(build) {
    build.onLoad({ filter: /[\\/]models[\\/]published\.json$/ }, async ({ path }) => ({
      contents: `export default ${parsed(JSON.parse(await readFile(path, 'utf8')))}`,
      loader: 'js',
    }))
  },
}

/** Replaces the modules that read texts of the package when wsban runs from source. */
const texts = {
  name: 'texts',
  setup(build) {
    build.onLoad({ filter: /[\\/]runtime[\\/]specs[\\/]standard_texts\.ts$/ }, async () => ({
      contents: `let texts\nexport function standardTexts() { return texts ??= ${parsed(await textsBelow('models', '.wsban'))} }`,
      loader: 'js',
    }))
    build.onLoad({ filter: /[\\/]runtime[\\/]pytorch[\\/]program_texts\.ts$/ }, async () => ({
      contents: `export function programTexts() { return ${parsed(await textsBelow('runtime/pytorch/python', '.py'))} }`,
      loader: 'js',
    }))
  },
}

/** Replaces the module that reads the typeface of figures from node_modules. */
const typeface = {
  name: 'typeface',
  setup(build) {
    build.onLoad({ filter: /[\\/]runtime[\\/]figures[\\/]typeface_files\.ts$/ }, async ({ path }) => {
      const { typefaceFiles } = await import('tsx/esm/api').then(({ tsImport }) => tsImport(path, import.meta.url))
      const encoded = Object.entries(typefaceFiles()).map(([weight, files]) => [
        weight,
        files.map((file) => Buffer.from(file).toString('base64')),
      ])
      return {
        contents: `const files = ${JSON.stringify(Object.fromEntries(encoded))}
export const typefaceFiles = () => Object.fromEntries(Object.entries(files).map(([weight, texts]) => [weight, texts.map((text) => Buffer.from(text, 'base64'))]))`,
        loader: 'js',
      }
    })
  },
}

export const embedded = [version, tables, texts, typeface]

function parsed(value) {
  return `JSON.parse(${JSON.stringify(JSON.stringify(value))})`
}

/** The texts of a folder by path without the ending, sorted. */
async function textsBelow(folder, ending) {
  const place = join(root, folder)
  const entries = await readdir(place, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
  const named = paths.map(async (path) => [
    relative(place, path).replaceAll('\\', '/').slice(0, -ending.length),
    await readFile(path, 'utf8'),
  ])
  return Object.fromEntries(await Promise.all(named))
}
