/**
 * Makes the playground: `npx tsx editors/playground/build.ts [FOLDER] [DOCS]` writes a folder whose index.html opens without a server. DOCS is the
 * URL of the documentation relative to the page, such as `../`; without it the page has no links to it.
 */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { embedded } from '../../cli/bootstrap/embedded.mjs'
import { readSampleBirds } from './birds/read.js'
import type { Parts } from './parts.js'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))
const require = createRequire(import.meta.url)

/** The files of the page. A folder with other files is not replaced. */
const own =
  /^(?:index\.html|style\.css|playground\.js|(?:birds|trainingBirds|runWorker|codeWorker|trainingWorker)\.js)$/

/** The native backend, which asks for the processor, does not run in a browser. */
const withoutProcessor: Plugin = {
  name: 'without-processor',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]runtime[\\/]kernels[\\/]native[\\/]processor\.ts$/ }, () => ({
      contents: 'export const hasAvx512 = () => false',
      loader: 'js',
    }))
  },
}

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [...embedded, withoutProcessor],
}

/**
 * Writes the page: its main script, and one for each part that is loaded on demand.
 *
 * @throws Error if the folder contains other files
 */
export async function buildPlayground(folder: string, docs?: string): Promise<void> {
  await empty(folder)
  await cp(join(here, 'style.css'), join(folder, 'style.css'))
  const link = docs === undefined ? '' : `<a id="docs" href="${attribute(docs)}">Docs</a>`
  const page = await readFile(join(here, 'index.html'), 'utf8')
  await writeFile(
    join(folder, 'index.html'),
    page.replace('{{docs}}', () => link),
  )
  const runtime = join(dirname(require.resolve('onnxruntime-web/wasm')), 'ort-wasm-simd-threaded.wasm')
  const tensorflow = require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm')
  const { samples, training } = await readSampleBirds()
  await Promise.all([
    build({ ...common, entryPoints: { playground: join(here, 'main.ts') }, outdir: folder }),
    writePart(folder, 'birds', samples),
    writePart(folder, 'trainingBirds', training),
    workerText('code').then((text) => writePart(folder, 'codeWorker', text)),
    workerText('run', {
      // The variant for bundlers: one module, which takes its WebAssembly as bytes.
      conditions: ['import'],
      define: { wsbanRuntime: JSON.stringify(await readFile(runtime, 'base64')) },
    }).then((text) => writePart(folder, 'runWorker', text)),
    workerText('training', {
      define: { wsbanTensorflow: JSON.stringify(await readFile(tensorflow, 'base64')) },
      inject: [join(here, 'workers', 'set_immediate.ts')],
    }).then((text) => writePart(folder, 'trainingWorker', text)),
  ])
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
}

/** Makes the folder, and removes from it what an earlier build wrote. */
async function empty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const names = await readdir(folder)
  const foreign = names.filter((name) => !own.test(name))
  if (foreign.length > 0) throw new Error(`${folder} has files that are not of the playground: ${foreign.join(', ')}`)
  for (const name of names) await rm(join(folder, name))
}

async function workerText(name: string, options: BuildOptions = {}): Promise<string> {
  const entry = join(here, 'workers', `${name}.ts`)
  const { outputFiles } = await build({ ...common, ...options, entryPoints: [entry], write: false })
  const [file] = outputFiles ?? []
  if (!file) throw new Error(`esbuild made nothing of ${entry}`)
  return file.text
}

/** Writes a script that puts a part of the page where it is looked for. */
async function writePart<Name extends keyof Parts>(folder: string, name: Name, part: Parts[Name]): Promise<void> {
  const text = JSON.stringify(part)
  // Browsers read JSON several times as fast as an object of JavaScript.
  const value = typeof part === 'string' ? text : `JSON.parse(${JSON.stringify(text)})`
  await writeFile(join(folder, `${name}.js`), `globalThis.wsbanParts={...globalThis.wsbanParts,${name}:${value}}\n`)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = process.argv[2] ?? 'playground'
  await buildPlayground(folder, process.argv[3])
  console.log(`wrote ${join(folder, 'index.html')}`)
}
