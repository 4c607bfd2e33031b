/**
 * npm test: formatting, types, tests, then one line `N passed, N failed` for people and scripts.
 * With arguments, only the tests in the files (or ava patterns) named.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { prepare, root } from './prepare.mjs'
import { run } from './run.mjs'
import { TapCounter } from './tap.mjs'

await prepare()

const patterns = process.argv.slice(2)
const bin = (name, file) => join(root, 'node_modules', name, file)

const failedChecks = patterns.length > 0 ? [] : await check()
process.exit(await runTests())

/** Returns which of formatting and types failed. The tests run all the same: one misformatted line should not hide them. */
async function check() {
  const failed = []
  const step = async (name, script, args) => {
    console.log(`${name}...`)
    if ((await run(process.execPath, [script, ...args], { cwd: root })) !== 0) failed.push(name)
  }
  await step('Formatting and lint', bin('@biomejs/biome', 'bin/biome'), ['ci', '.'])
  await step('Types', bin('typescript', 'lib/tsc.js'), ['--noEmit', '-p', '.'])
  return failed
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
      const failures = (failed === 0 && status !== 0 ? 1 : failed) + failedChecks.length
      for (const name of failedChecks)
        console.log(`not ok - ${name}${name.startsWith('F') ? ' (npm run format mends what it can)' : ''}`)
      if (passed + failed === 0) console.log('No test ran.')
      console.log(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
      settle(failures > 0 || passed === 0 ? 1 : 0)
    })
  })
}
