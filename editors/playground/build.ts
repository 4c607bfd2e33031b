/** Makes the playground: `npx tsx editors/playground/build.ts [FOLDER]` writes a folder whose index.html opens without a server. */
import { cp, mkdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { embedded } from '../../cli/bootstrap/embedded.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))

/** Writes the page: its own script, and one for each part that is loaded when it is wanted. */
export async function buildPlayground(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const name of ['index.html', 'style.css']) await cp(join(here, name), join(folder, name))
  const common: BuildOptions = {
    absWorkingDir: root,
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [...embedded],
  }
  const runtime = join(
    dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm')),
    'ort-wasm-simd-threaded.wasm',
  )
  await Promise.all([
    build({ ...common, entryPoints: { playground: join(here, 'main.ts') } }),
    build({ ...common, entryPoints: { code: join(here, 'code.ts') } }),
    build({
      ...common,
      entryPoints: { run: join(here, 'run.ts') },
      // The variant for bundlers: one module, which takes its WebAssembly as bytes.
      conditions: ['import'],
      define: { wsbanRuntime: JSON.stringify(await readFile(runtime, 'base64')) },
    }),
  ])
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = process.argv[2] ?? 'playground'
  await buildPlayground(folder)
  console.log(`wrote ${join(folder, 'index.html')}`)
}
