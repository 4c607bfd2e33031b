import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { cacheRoot, findEngines, openEngine } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { silent } from '../../runtime/reporter.js'

/** With a cache that holds nothing, and the system's own one afterwards. */
async function withEmptyCache(work: () => Promise<void>): Promise<void> {
  const before = process.env.WSBAN_CACHE
  const folder = await mkdtemp(join(tmpdir(), 'wsban cache '))
  process.env.WSBAN_CACHE = folder
  try {
    await work()
  } finally {
    if (before === undefined) delete process.env.WSBAN_CACHE
    else process.env.WSBAN_CACHE = before
    await rm(folder, { recursive: true, force: true })
  }
}

test.serial('without a native engine WebAssembly is taken, with one line that names the way out', (t) =>
  withEmptyCache(async () => {
    const warnings: string[] = []
    const engine = await openEngine(undefined, { ...silent, warn: (line) => warnings.push(line) })
    t.is(engine.name, 'wasm')
    t.false(engine.native)
    t.is(warnings.length, 1)
    t.regex(warnings[0] ?? '', /wsban setup/)
    t.is(tf.getBackend(), 'wasm')
  }),
)

test.serial('a native engine that was asked for and is not there is a failure that names the command', (t) =>
  withEmptyCache(async () => {
    for (const [name, command] of [
      ['tfjs-node', /wsban setup gets it/],
      ['tfjs-node-gpu', /wsban setup --gpu gets it/],
    ] as const) {
      const error = await t.throwsAsync(openEngine(name, silent), { instanceOf: Failure })
      t.is(error?.problem.code, 'engine-missing')
      t.regex(error?.problem.help ?? '', command)
    }
  }),
)

test.serial('what is there is found without loading it', (t) =>
  withEmptyCache(async () => {
    const found = await findEngines()
    t.deepEqual(
      found.map(({ name, available }) => [name, available]),
      [
        ['tfjs-node-gpu', false],
        ['tfjs-node', false],
        ['wasm', true],
        ['cpu', true],
      ],
    )
  }),
)

test.serial('the cache is where it was asked to be', (t) => {
  const before = { own: process.env.WSBAN_CACHE, shared: process.env.XDG_CACHE_HOME }
  try {
    process.env.WSBAN_CACHE = '/somewhere/of my own'
    t.is(cacheRoot(), '/somewhere/of my own')
    delete process.env.WSBAN_CACHE
    process.env.XDG_CACHE_HOME = '/caches'
    t.is(cacheRoot(), join('/caches', 'wsban'))
  } finally {
    for (const [name, value] of [
      ['WSBAN_CACHE', before.own],
      ['XDG_CACHE_HOME', before.shared],
    ] as const) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
})

test.serial('engines can be changed in one process, and tensors are computed on the current one', async (t) => {
  for (const name of ['cpu', 'wasm', 'cpu'] as const) {
    t.is((await openEngine(name, silent)).name, name)
    t.is(tf.getBackend(), name)
    t.is(
      tf.tidy(() => tf.sum(tf.ones([5])).dataSync()[0]),
      5,
    )
  }
})

test.serial('WebAssembly leaves the process alone with errors nobody caught', async (t) => {
  const listeners = process.listenerCount('uncaughtException')
  await openEngine('wasm', silent)
  t.is(process.listenerCount('uncaughtException'), listeners)
})
