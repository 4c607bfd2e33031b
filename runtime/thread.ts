import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { moduleUrl } from './module_url.js'
import { packageRoot } from './package_root.js'

/** Starts a module in a thread of its own, from dist/ or from source. @param name below runtime/, without its ending */
export function startThread(name: string, workerData: unknown): Worker {
  const options = { workerData, execArgv: [] }
  if (!moduleUrl.endsWith('.ts'))
    return new Worker(pathToFileURL(join(packageRoot(), 'dist', 'runtime', `${name}.js`)), options)
  // From source, a thread has to register the TypeScript loader itself: Node's loaders do not apply to its first module.
  const [loader, entry] = ['tsx/esm/api', `./${name}.ts`].map((module) => JSON.stringify(import.meta.resolve(module)))
  const code = `import(${loader}).then(({ register }) => { register(); return import(${entry}) })`
  return new Worker(code, { ...options, eval: true })
}
