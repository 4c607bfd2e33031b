/** Builds a program with a bundler that is installed in `work`, each as its documentation says, with native packages left out. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** As docs/api.md says. */
const external = ['sharp', 'onnxruntime-node']

/**
 * Each takes the folder in which the bundlers and wsban are installed, a program in it, an empty folder for the bundle, and the platform, `node` or
 * `browser`; and returns the bundle's first file.
 */
export const bundlers = {
  'esbuild, ES module': (work, program, out, platform) => withEsbuild(work, program, out, platform, 'esm'),
  'esbuild, CommonJS': (work, program, out, platform) => withEsbuild(work, program, out, platform, 'cjs'),
  webpack: withWebpack,
  vite: withVite,
}

async function withEsbuild(work, program, out, platform, format) {
  const { build } = await importedFrom(work, 'esbuild')
  const outfile = join(out, platform === 'browser' ? 'main.js' : format === 'esm' ? 'main.mjs' : 'main.cjs')
  await build({
    absWorkingDir: work,
    entryPoints: [program],
    bundle: true,
    platform,
    format: platform === 'browser' && format === 'cjs' ? 'iife' : format,
    outfile,
    ...(platform === 'node' && { external }),
    logLevel: 'error',
  })
  return outfile
}

async function withWebpack(work, program, out, platform) {
  const { default: webpack } = await importedFrom(work, 'webpack')
  const stats = await new Promise((settle, fail) =>
    webpack(
      {
        context: work,
        mode: 'production',
        entry: `./${program}`,
        target: platform === 'node' ? 'node20' : 'web',
        output: { path: out, filename: platform === 'node' ? 'main.cjs' : 'main.js' },
        externals: platform === 'node' ? Object.fromEntries(external.map((name) => [name, `commonjs ${name}`])) : {},
        // Minimising takes minutes and changes nothing that is tried here.
        optimization: { minimize: false },
        performance: { hints: false },
      },
      (error, stats) => (error ? fail(error) : settle(stats)),
    ),
  )
  if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }))
  return join(out, platform === 'node' ? 'main.cjs' : 'main.js')
}

async function withVite(work, program, out, platform) {
  const { build } = await importedFrom(work, 'vite')
  const name = platform === 'node' ? 'main.mjs' : 'main.js'
  await build({
    root: work,
    configFile: false,
    logLevel: 'error',
    ...(platform === 'node' && { ssr: { noExternal: true, external } }),
    build: {
      outDir: out,
      emptyOutDir: true,
      ...(platform === 'node' && { ssr: program }),
      target: platform === 'node' ? 'node20' : 'es2022',
      rollupOptions: {
        input: join(work, program),
        // Node takes a chunk for an ES module by its ending.
        output: { entryFileNames: name, ...(platform === 'node' && { chunkFileNames: 'chunks/[name]-[hash].mjs' }) },
      },
    },
  })
  return join(out, name)
}

/** Imports a package that is installed in `work`. */
export function importedFrom(work, name) {
  const require = createRequire(join(work, 'package.json'))
  return import(pathToFileURL(require.resolve(name)).href)
}
