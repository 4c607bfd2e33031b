/**
 * Makes a fresh checkout ready: dependencies, dist/, the native engine. What is there and right is left alone, so that it costs a blink
 * when nothing changed. Plain Node and no packages: it runs before there are any. It runs from the scripts themselves and not as a
 * `pre` script, which `ignore-scripts=true` would switch off.
 */
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { capture, npm, run } from './run.mjs'
import { lockHash, sourcesHash, textOf } from './state.mjs'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const main = join(root, 'dist', 'cli', 'main.js')

/** @param {{ engine?: boolean }} [options] */
export async function prepare({ engine = true } = {}) {
  needNode()
  await installDependencies()
  await buildDist()
  if (engine) await setUpEngine()
}

function needNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 9)) return
  console.error(`wsban needs Node.js 20.9 or later; this is ${process.versions.node} (${process.execPath}).`)
  console.error('Install a later one, then run the command again.')
  process.exit(1)
}

async function installDependencies() {
  const stamp = join(root, 'node_modules', '.wsban-lock')
  const hash = await lockHash(root)
  if ((await textOf(stamp)) === hash) return
  console.log('Installing the dependencies...')
  const { program, first, shell } = npm()
  // None of them needs its install script, and some would fetch what they do not need.
  const status = await run(program, [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev'], {
    cwd: root,
    shell: shell ?? false,
    env: { ...process.env, NODE_ENV: 'development', ONNXRUNTIME_NODE_INSTALL: 'skip' },
  }).catch((error) => {
    console.error(`npm could not be run: ${error.message}`)
    return 1
  })
  if (status !== 0) {
    console.error(
      'The dependencies could not be installed. Check that npm reaches its registry (npm ping), then run the command again.',
    )
    process.exit(1)
  }
  await mkdir(dirname(stamp), { recursive: true })
  await writeFile(stamp, hash)
}

async function buildDist() {
  const built = await textOf(join(root, 'dist', 'sources.sha256'))
  if (built === (await sourcesHash(root)) && existsSync(main)) return
  console.log('Building...')
  const { build } = await import('./build.mjs')
  await build()
}

/** Where it is not, asking again within the hour would only make everybody wait again. */
const retryAfter = 3_600_000

/** The native engine makes training fast. Where it cannot be had, everything works without it: that is not this script's failure. */
async function setUpEngine() {
  if (process.env.WSBAN_NO_SETUP) return
  const stamp = join(root, 'node_modules', '.wsban-engine')
  const known = JSON.parse((await textOf(stamp)) ?? '{}')
  const wanted = await wantedEngine()
  if (known.wanted === wanted && known.place !== undefined && existsSync(join(known.place, 'ready.json'))) return
  if (known.wanted === wanted && Date.now() - known.failed < retryAfter) return
  const { status, output } = await capture(process.execPath, [main, 'setup', '--json'], { cwd: root })
  if (status === 130) process.exit(130)
  const place = status === 0 ? placeIn(output) : undefined
  if (place === undefined) {
    console.log(
      'Continuing without the native engine: WebAssembly is 5 to 15 times slower. Run `npx wsban setup` to try again.',
    )
  }
  await writeFile(stamp, JSON.stringify({ wanted, ...(place === undefined ? { failed: Date.now() } : { place }) }))
}

/** The variables that select the engine and its folder. */
async function wantedEngine() {
  const versions = await textOf(join(root, 'runtime', 'engines', 'versions.ts'))
  return [process.env.WSBAN_CACHE, process.env.XDG_CACHE_HOME, process.env.HOME, versions].join('\n')
}

function placeIn(output) {
  try {
    const { place } = JSON.parse(output)
    return typeof place === 'string' ? place : undefined
  } catch {
    return undefined
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await prepare({ engine: !process.argv.includes('--no-engine') })
