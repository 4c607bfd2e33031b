/**
 * npm run test:pytorch: what only a Python with PyTorch can test. Arguments go to ava (--match='*tiny*').
 * npm run record:pytorch (--record): writes down what PyTorch computes, for the tests that do without it.
 */
import { join } from 'node:path'
import { prepare, root } from './prepare.mjs'
import { pytorchPython } from './pytorch_python.mjs'
import { run } from './run.mjs'

await prepare()
const python = await pytorchPython()
if (python === undefined) process.exit(1)

const given = process.argv.slice(2)
const args =
  given[0] === '--record'
    ? ['--import=tsx', join('test', 'pytorch', 'record.ts')]
    : [join('node_modules', 'ava', 'entrypoints', 'cli.mjs'), 'test/pytorch/*.test.ts', ...given]
process.exit(await run(process.execPath, args, { cwd: root, env: { ...process.env, WSBAN_PYTHON: python } }))
