/** Makes dist/: the command line, the runtime and the compiler as plain JavaScript, and the type declarations of the package's entries. */
import { spawn } from 'node:child_process'
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { embedded } from './embedded.mjs'
import { sourcesHash } from './state.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Loaded where they are used, from node_modules: they hold native code, are only sometimes needed, or must be one copy for all. */
const external = [
  'sharp',
  'libheif-js',
  'onnxruntime-node',
  'typescript',
  'esbuild',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-*',
]

/** @param {{ declarations?: boolean }} [options] */
export async function build({ declarations = true } = {}) {
  const hash = await sourcesHash(root)
  // Everything is made in a folder beside and swapped in at the end: an interrupted build leaves the old dist or none, never half of one.
  const fresh = join(root, 'node_modules', '.wsban-build')
  const old = join(root, 'node_modules', '.wsban-build-old')
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true })
  await Promise.all([
    bundle(fresh),
    compiler(join(fresh, 'compiler')),
    typescript(fresh),
    page(join(fresh, 'page')),
    studio(join(fresh, 'studio')),
    serve(join(fresh, 'serve')),
    declarations ? declare(join(fresh, 'types')) : undefined,
  ])
  await writeFile(join(fresh, 'sources.sha256'), hash)
  await rm(old, { recursive: true, force: true })
  await rename(join(root, 'dist'), old).catch((error) => {
    if (error.code !== 'ENOENT') throw error
  })
  await rename(fresh, join(root, 'dist'))
  await rm(old, { recursive: true, force: true })
}

/** Modules in several files, of which each holds what several entries share or what is loaded later. */
const asModules = {
  absWorkingDir: root,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  // Parsing is a good part of a short command's time; names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  format: 'esm',
  logLevel: 'warning',
}

async function bundle(folder) {
  const { build: esbuild } = await import('esbuild')
  await esbuild({
    ...asModules,
    entryPoints: {
      'cli/main': 'cli/main.ts',
      'runtime/index': 'runtime/index.ts',
      'runtime/api/index': 'runtime/api/index.ts',
      'runtime/data/worker': 'runtime/data/worker.ts',
      'runtime/data/contents_worker': 'runtime/data/contents_worker.ts',
      'runtime/serve/session_thread': 'runtime/serve/session_thread.ts',
    },
    outdir: folder,
    platform: 'node',
    target: 'node20',
    external,
    plugins: [gradients, printer, required, ...embedded],
  })
  const main = join(folder, 'cli', 'main.js')
  const code = await readFile(main, 'utf8')
  await writeFile(main, `#!/usr/bin/env node\n${code.replace(/^#!.*\n/, '')}`)
  await chmod(main, 0o755)
}

/** The compiler for programs in a browser: esbuild refuses whatever would need Node there. */
async function compiler(folder) {
  const { build: esbuild } = await import('esbuild')
  await esbuild({
    ...asModules,
    entryPoints: { index: 'runtime/compiler_api/index.ts' },
    outdir: folder,
    platform: 'browser',
    target: 'es2022',
    legalComments: 'inline',
    plugins: [printer, ...embedded],
  })
}

/**
 * TypeScript's parser and printer as one module that needs neither Node nor a browser, for the code that the tfjs target writes. ts-morph looks for
 * the parts of Node when it is loaded, which no bundler can give it in an ES module, and it holds the declarations of every library.
 */
async function typescript(folder) {
  const { build: esbuild } = await import('esbuild')
  await esbuild({
    absWorkingDir: root,
    stdin: { contents: "export { IndentationText, Project, ts } from 'ts-morph'", resolveDir: root },
    outfile: join(folder, 'ts-morph.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'inline',
    // As in a browser: both packages ask for it before they take the parts of Node.
    define: { process: 'undefined', 'globalThis.process': 'undefined' },
    plugins: [withoutLibraries],
    logLevel: 'warning',
  })
}

/** ts-morph without the declarations of JavaScript's libraries, 2.5 MB that only a type checker asks for. */
const withoutLibraries = {
  name: 'without libraries',
  setup(build) {
    build.onLoad({ filter: /[\\/]ts-morph-common\.js$/ }, async ({ path }) => {
      const whole = await readFile(path, 'utf8')
      const contents = whole.replace(/^const libFiles = \[\{[\s\S]*?^ {4}\}\];/m, 'const libFiles = [];')
      if (contents.length > whole.length / 2) throw new Error(`${path} no longer lists the libraries as libFiles`)
      return { contents, loader: 'js' }
    })
  },
}

/** The code finds that module by the package's own name for it (`imports` in package.json), wherever a chunk lies. */
const printer = {
  name: 'printer',
  setup(build) {
    build.onResolve({ filter: /^ts-morph$/ }, () => ({ path: '#ts-morph', external: true }))
  },
}

/** The parts of the page that `export --page` writes: its script and style, the worker with ONNX Runtime in it, and the runtime's WebAssembly. */
async function page(folder) {
  await browserPage(folder, { page: 'runtime/page/page.ts' })
  const { build: esbuild } = await import('esbuild')
  await esbuild({
    ...inBrowsers,
    entryPoints: { worker: 'runtime/page/worker.ts' },
    outdir: folder,
    // Not a module: the page starts it from its text.
    format: 'iife',
    // The variant for bundlers: one module, which takes its WebAssembly as bytes.
    conditions: ['import'],
  })
  await esbuild({
    ...inBrowsers,
    entryPoints: { 'service-worker': 'runtime/page/service_worker.ts' },
    outdir: folder,
    format: 'iife',
  })
  for (const name of ['style.css', 'icon.svg']) await copyFile(join(root, 'runtime', 'page', name), join(folder, name))
  const resolve = createRequire(join(root, 'package.json')).resolve
  const runtime = join(dirname(resolve('onnxruntime-web/wasm')), 'ort-wasm-simd-threaded.wasm')
  await writeFile(join(folder, 'runtime.bin'), gzipSync(await readFile(runtime), { level: 9 }))
}

/** The page that `wsban studio` serves. */
async function studio(folder) {
  await browserPage(folder, { studio: 'runtime/studio/browser/studio.ts' })
}

/** The page that `wsban serve` shows to people. */
async function serve(folder) {
  await browserPage(folder, { serve: 'runtime/serve/browser/serve.ts' })
}

const inBrowsers = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  legalComments: 'inline',
  logLevel: 'warning',
}

/** A page's script as one module, and the index.html beside its source. */
async function browserPage(folder, entryPoints) {
  const { build: esbuild } = await import('esbuild')
  await mkdir(folder, { recursive: true })
  await esbuild({ ...inBrowsers, entryPoints, outdir: folder, format: 'esm' })
  const [source] = Object.values(entryPoints)
  await copyFile(join(root, dirname(source), 'index.html'), join(folder, 'index.html'))
}

/** The gradients' modules are bundled with the parts of the core they use: plain Node cannot load them as they come (runtime/engines/gradients.ts). */
const gradients = {
  name: 'gradients',
  setup(build) {
    build.onLoad({ filter: /[\\/]runtime[\\/]engines[\\/]gradients\.ts$/ }, () => ({
      contents: "import '@tensorflow/tfjs-core'\nimport '@tensorflow/tfjs-core/dist/register_all_gradients.js'",
      loader: 'js',
    }))
    build.onResolve({ filter: /^@tensorflow\/tfjs-core\/dist\// }, ({ path }) => ({
      path: createRequire(join(root, 'package.json')).resolve(path),
      sideEffects: true,
    }))
  },
}

/** CommonJS code in the bundle requires parts of Node, and an ES module has no require(): they are imported, which bundlers understand as well. */
const required = {
  name: 'required',
  setup(build) {
    build.onResolve({ filter: /^(?:node:)?[a-z0-9_/]+$/ }, ({ path, kind }) =>
      kind === 'require-call' && isBuiltin(path)
        ? { path: path.replace(/^node:/, ''), namespace: 'required' }
        : undefined,
    )
    // CommonJS code gets what the module exports as a whole, not the names of an ES module.
    build.onLoad({ filter: /./, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require('imported:${path}').default`,
      loader: 'js',
    }))
    build.onResolve({ filter: /^imported:/ }, ({ path }) => ({ path: path.slice(9), namespace: 'imported' }))
    build.onLoad({ filter: /./, namespace: 'imported' }, ({ path }) => ({
      contents: `export { default } from 'node:${path}'`,
      loader: 'js',
    }))
  },
}

async function declare(folder) {
  const compiler = createRequire(import.meta.url).resolve('typescript/lib/tsc.js')
  const project = join(root, 'cli', 'bootstrap', 'declarations.json')
  const status = await new Promise((settle, fail) => {
    const child = spawn(process.execPath, [compiler, '-p', project, '--outDir', folder], {
      stdio: 'inherit',
      cwd: root,
    })
    child.on('error', fail)
    child.on('close', settle)
  })
  if (status !== 0) throw new Error('the type declarations could not be made')
  if ((await readdir(folder)).length === 0) throw new Error('tsc made no type declarations')
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const began = performance.now()
  await build()
  console.log(`built dist (${((performance.now() - began) / 1000).toFixed(1)} s)`)
}
