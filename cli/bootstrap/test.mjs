/**
 * npm test: formatting, types, tests, then one line `N passed, N failed` for people and scripts.
 * With arguments, only the tests in the files (or ava patterns) named.
 */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { prepare, root } from './prepare.mjs'
import { run } from './run.mjs'
import { TapCounter } from './tap.mjs'

await prepare()

const patterns = process.argv.slice(2)
const resolve = createRequire(join(root, 'package.json')).resolve
const bin = (name, file) => join(dirname(resolve(`${name}/package.json`)), file)

if (patterns.length === 0) {
  await step('Formatting and lint', bin('@biomejs/biome', 'bin/biome'), ['ci', '.'])
  await step('Types', bin('typescript', 'lib/tsc.js'), ['--noEmit', '-p', '.'])
}
process.exit(await runTests())

async function step(name, script, args) {
  console.log(`${name}...`)
  const status = await run(process.execPath, [script, ...args], { cwd: root })
  if (status === 0) return
  console.log(`${name}: failed. \`npm run format\` mends what can be mended.`)
  // Scripts that read the last line are told in its own words.
  console.log('0 passed, 1 failed')
  process.exit(1)
}

function runTests() {
  console.log('Tests...')
  return new Promise((settle) => {
    const child = spawn(process.execPath, [bin('ava', 'entrypoints/cli.mjs'), '--tap', ...patterns], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const counter = new TapCounter((line) => console.log(line))
    child.stdout.setEncoding('utf8').on('data', (text) => counter.read(text))
    child.on('close', (status) => {
      counter.end()
      const { passed, failed, skipped } = counter
      // ava may fail without a failed test: a file that does not load, a process that ends early, a pattern that fits nothing.
      const failures = failed === 0 && status !== 0 ? 1 : failed
      if (passed + failures === 0) console.log('No test ran.')
      console.log(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
      settle(failures > 0 || passed === 0 ? 1 : 0)
    })
  })
}
