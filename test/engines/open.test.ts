import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import test, { type ExecutionContext } from 'ava'
import { type EngineName, engineNames, findEngines, openEngine } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { silent } from '../../runtime/reporter.js'
import { freshFolder, withEnvironment } from './folders.js'

/** The native engine stays loaded in a process: tests that need a process without it come first. */
const noCache = (t: ExecutionContext) => withEnvironment(t, { WSBAN_CACHE: freshFolder(t) })

function listening() {
  const warnings: string[] = []
  return { warnings, reporter: { ...silent, warn: (line: string) => warnings.push(line) } }
}

test.serial('without a native engine: WebAssembly, and one line that names the command', async (t) => {
  noCache(t)
  const { warnings, reporter } = listening()
  const engine = await openEngine(undefined, reporter)
  t.is(engine.name, 'wasm')
  t.false(engine.native)
  t.is(warnings.length, 1)
  t.regex(warnings[0] ?? '', /wsban setup/)
})

test.serial('one that is asked for and not there is refused, with the command that gets it', async (t) => {
  noCache(t)
  for (const [name, command] of [
    ['tfjs-node', 'install it with wsban setup'],
    ['tfjs-node-gpu', 'install it with wsban setup --gpu'],
  ] as const) {
    const failure = await t.throwsAsync(openEngine(name, silent), { instanceOf: Failure })
    t.is(failure?.problem.code, 'engine-missing')
    t.is(failure?.problem.help, command)
  }
})

test.serial('an engine that does not exist is wrong usage', async (t) => {
  // A name from user input, which the types do not restrict.
  const name: string = 'webgl'
  const failure = await t.throwsAsync(openEngine(name as EngineName, silent), { instanceOf: Failure })
  t.is(failure?.problem.exit, 2)
  t.regex(failure?.problem.help ?? '', /tfjs-node, wasm, cpu/)
})

test.serial('a broken addon that the user installed costs a warning, not the process', async (t) => {
  noCache(t)
  const project = freshFolder(t)
  const folder = join(project, 'node_modules', '@tensorflow', 'tfjs-node')
  mkdirSync(join(folder, 'lib', 'napi-v8'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: '@tensorflow/tfjs-node', version: '4.22.0' }))
  writeFileSync(join(folder, 'lib', 'napi-v8', 'tfjs_binding.node'), 'no library')
  withEnvironment(t, { WSBAN_NODE_MODULES: project })
  const { warnings, reporter } = listening()
  t.is((await openEngine(undefined, reporter)).name, 'wasm')
  t.is(warnings.length, 1)
  t.regex(warnings[0] ?? '', /does not work/)
  t.true((await findEngines()).some(({ name, available }) => name === 'tfjs-node' && available))
})

test.serial("the working directory's node_modules are not looked at", async (t) => {
  noCache(t)
  const project = freshFolder(t)
  const folder = join(project, 'node_modules', '@tensorflow', 'tfjs-node')
  mkdirSync(join(folder, 'lib', 'napi-v8'), { recursive: true })
  mkdirSync(join(folder, 'dist'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: '@tensorflow/tfjs-node', version: '4.22.0' }))
  writeFileSync(join(folder, 'lib', 'napi-v8', 'tfjs_binding.node'), 'no library')
  const proof = join(project, 'was-run')
  writeFileSync(
    join(folder, 'dist', 'register_all_kernels.js'),
    `require('fs').writeFileSync(${JSON.stringify(proof)}, '')`,
  )
  const before = process.cwd()
  t.teardown(() => process.chdir(before))
  process.chdir(project)
  const { warnings, reporter } = listening()
  t.is((await openEngine(undefined, reporter)).name, 'wasm')
  t.regex(warnings[0] ?? '', /the native engine is not installed/)
  t.false((await findEngines()).some(({ name, available }) => name === 'tfjs-node' && available))
  t.false(existsSync(proof))
})

test.serial('what is found, nothing loaded', async (t) => {
  noCache(t)
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
  for (const { available, reason, version } of found) t.truthy(available ? version : reason)
})

for (const name of engineNames.toReversed())
  test.serial(`${name} computes, with gradients, from our copy of the core`, async (t) => {
    const finding = (await findEngines()).find((engine) => engine.name === name)
    if (!finding?.available) {
      t.log(`skipped: ${name} is not here (${finding?.reason})`)
      return t.pass()
    }
    try {
      const engine = await openEngine(name, silent)
      t.is(engine.name, name)
      t.regex(engine.description, /TensorFlow/)
    } catch (error) {
      // The two native ones cannot share a process; whichever comes first has it.
      if (!(error instanceof Failure) || !/cannot hold both/.test(error.message)) throw error
      t.log(`skipped: ${error.message}`)
      return t.pass()
    }
    const [slope] = tf.tidy(() => {
      const gradient = tf.grad((x) => tf.sum(tf.square(tf.relu(x))))(tf.tensor1d([3, -2]))
      return [[...gradient.dataSync()]]
    })
    t.deepEqual(slope, [6, 0])
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

test.serial('WebAssembly leaves the process alone with uncaught errors', async (t) => {
  const listeners = process.listenerCount('uncaughtException')
  await openEngine('wasm', silent)
  t.is(process.listenerCount('uncaughtException'), listeners)
})
