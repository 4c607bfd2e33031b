import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as z from 'zod'
import type { Graph } from '../../compiler/graph/graph.js'
import { cacheRoot } from '../cache_root.js'
import { makeCacheFolder } from '../engines/provision/space.js'
import { writeAtomically } from '../files.js'
import type { Model } from '../model.js'
import { moduleUrl } from '../module_url.js'
import { packageRoot } from '../package_root.js'
import { packageVersion } from '../package_version.js'

/**
 * The generated code of a model, running: exactly what `compile --target tfjs` writes, with its types taken off.
 * It is made from the graph every time it changes, never read from a run folder: a folder that someone sends is data, not code.
 */
export async function loadModel(graph: Graph, source: string): Promise<Model> {
  const { runtimeUrl, tfjsUrl } = hostModules()
  const key = createHash('sha256')
    .update(
      JSON.stringify([
        packageVersion(),
        runtimeUrl,
        tfjsUrl,
        await compilerStamp(),
        source,
        { ...graph, parameters: [...graph.parameters] },
      ]),
    )
    .digest('hex')
    .slice(0, 32)
  const folder = join(cacheRoot(), 'compiled', key)
  const entry = join(folder, 'model.mjs')
  await makeCacheFolder(folder)
  if (!(await isWhole(folder))) {
    await write(graph, source, folder, { runtimeUrl, tfjsUrl })
    await removeOld(join(cacheRoot(), 'compiled'))
  }
  const loaded = z
    .object({ model: z.custom<Model>((value) => typeof value === 'object' && value !== null) })
    .parse(await import(pathToFileURL(entry).href))
  return loaded.model
}

interface HostModules {
  readonly runtimeUrl: string
  readonly tfjsUrl: string
}

/** Our own modules, from source or from dist/: generated code must meet the very ones that run here. */
function hostModules(): HostModules {
  const fromSource = moduleUrl.endsWith('.ts')
  const runtime = fromSource
    ? join(packageRoot(), 'runtime', 'index.ts')
    : join(packageRoot(), 'dist', 'runtime', 'index.js')
  return { runtimeUrl: pathToFileURL(runtime).href, tfjsUrl: import.meta.resolve('@tensorflow/tfjs-core') }
}

/** Written last: the hash of each file beside it. */
const hashesFile = 'hashes.json'

/** Whether the folder's files are there, and those that were written. Who may write into it has been checked. */
async function isWhole(folder: string): Promise<boolean> {
  try {
    const hashes = z.record(z.string(), z.string()).parse(JSON.parse(await readFile(join(folder, hashesFile), 'utf8')))
    const checked = Object.entries(hashes).map(
      async ([name, hash]) => basename(name) === name && hashOf(await readFile(join(folder, name))) === hash,
    )
    return 'model.mjs' in hashes && (await Promise.all(checked)).every((same) => same)
  } catch {
    return false
  }
}

function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** Changes whenever the code that writes code does: the build's time, or that of the newest source. */
async function compilerStamp(): Promise<string> {
  const built = join(packageRoot(), 'dist', 'cli', 'main.js')
  const paths = moduleUrl.endsWith('.ts') ? await sourcesOf(join(packageRoot(), 'compiler')) : [built]
  const times = await Promise.all(paths.map(async (path) => (await stat(path)).mtimeMs))
  return String(Math.max(...times))
}

async function sourcesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

const keptDays = 30

/** Old folders belong to another version, or to a spec that has changed since; they can be written again. */
async function removeOld(root: string): Promise<void> {
  const oldest = Date.now() - keptDays * 24 * 3600 * 1000
  for (const name of await readdir(root)) {
    const path = join(root, name)
    // Another process may have taken it away meanwhile.
    const written = await stat(path).catch(() => undefined)
    if (written && written.mtimeMs < oldest) await rm(path, { recursive: true, force: true })
  }
}

async function write(
  graph: Graph,
  source: string,
  folder: string,
  { runtimeUrl, tfjsUrl }: HostModules,
): Promise<void> {
  const [{ emitTfjs }, { ts }] = await Promise.all([import('../../compiler/targets/tfjs/emit.js'), import('ts-morph')])
  const imports: Readonly<Record<string, string>> = {
    'wsban/runtime': runtimeUrl,
    '@tensorflow/tfjs-core': tfjsUrl,
    './parameters.ts': './parameters.mjs',
  }
  const files = emitTfjs(graph, { source, version: packageVersion(), spec: {} }).filter(
    ({ path }) => path === 'parameters.ts' || path === 'model.ts',
  )
  const hashes: [string, string][] = []
  for (const { path, text } of files) {
    const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
    const { outputText } = ts.transpileModule(text, { compilerOptions: options })
    const linked = outputText.replace(
      /^(import .*? from |\} from )'([^']+)'/gm,
      (whole, head: string, specifier: string) => {
        const target = imports[specifier]
        return target === undefined ? whole : `${head}${JSON.stringify(target)}`
      },
    )
    const name = path.replace(/\.ts$/, '.mjs')
    hashes.push([name, hashOf(linked)])
    await writeAtomically(join(folder, name), linked, { mode: 0o600 })
  }
  await writeAtomically(join(folder, hashesFile), JSON.stringify(Object.fromEntries(hashes)), { mode: 0o600 })
}
