import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { compile } from '../../compiler/compile.js'
import { format } from '../../grammar/format.js'
import { deepestNesting } from '../../grammar/nesting.js'
import { packageRoot } from '../../runtime/package_root.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { nestings, nestingTexts } from './nesting/texts.js'

const library = diskLibrary()
const codesOf = (text: string) =>
  compile({ source: 'deep.wsban', text }, library).diagnostics.map(({ code }) => code as string)

test('every nesting is reported as an error at every depth, by the compiler and the formatter', (t) => {
  for (const text of nestingTexts([deepestNesting - 2, 75, 95])) {
    t.not(codesOf(text).length, 0, text.slice(0, 200))
    t.is(typeof format('deep.wsban', text).text, 'string')
  }
})

test('with a small stack, every nesting is still reported as an error', async (t) => {
  const program = join(packageRoot(), 'test', 'properties', 'nesting', 'compile_all.ts')
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--stack-size=200', '--import=tsx', program])
  t.is(stdout, `${nestings.length * 2 * 2} texts reported\n`)
})

test('the limit counts nesting, not the number of blocks or statements in a file', (t) => {
  const blocks = Array.from({ length: 1500 }, (_, i) => `block b${i}(x) { return relu(x) }`).join('\n')
  t.deepEqual(codesOf(blocks), [])
})

test('a comparison of many operands is refused like any other long chain', (t) => {
  t.true(codesOf(`block a(x) { return x + (${'1 < '.repeat(50_000)}1) }`).includes('too-deep'))
})

test('the limit is far above what models nest', (t) => {
  const spec = readFileSync(join(packageRoot(), 'models', 'wsban.wsban'), 'utf8')
  t.false(codesOf(spec).includes('too-deep'))
  const calls = (depth: number) => `block a(x) { return ${'relu('.repeat(depth)}x${')'.repeat(depth)} }`
  t.deepEqual(codesOf(calls(deepestNesting - 2)), [])
  t.deepEqual(codesOf(calls(deepestNesting + 2)), ['too-deep'])
})
