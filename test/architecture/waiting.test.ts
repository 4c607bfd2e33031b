import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { packageRoot } from '../../runtime/package_root.js'

/**
 * A fixed delay that suffices on one machine is too short on a slower one. Tests therefore wait for conditions (`test/support/waiting.ts`); only that
 * file and commands that a person starts use a clock.
 */
const exempt = [/^test\/support\/waiting\.ts$/, /^test\/support\/line_process\.ts$/, /^test\/architecture\//]
/** A delay, or a time limit in milliseconds. */
const clock = /\bsetTimeout\b|\bsetInterval\b|AbortSignal\.timeout|\b(?:timeout|protocolTimeout): \d|\.timeout\(\d/

test('no test pauses, or bounds how long something takes', (t) => {
  const files = readdirSync(join(packageRoot(), 'test'), { recursive: true, encoding: 'utf8' })
    .map((file) => `test/${file.split('\\').join('/')}`)
    .filter((file) => file.endsWith('.ts') && !exempt.some((pattern) => pattern.test(file)))
  t.true(files.length > 100)
  const found = files.flatMap((file) => {
    const lines = readFileSync(join(packageRoot(), file), 'utf8').split('\n')
    return lines.flatMap((line, index) => (clock.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []))
  })
  t.deepEqual(found, [])
})
