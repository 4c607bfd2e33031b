import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { json, type Result, startWsban } from '../support/commands.js'
import { exportedModel } from '../support/exported_model.js'
import { lacksModules, python, runPython, skipped } from '../support/python.js'

const { folder } = exportedModel()

function verify(args: readonly string[], program = python): Promise<Result> {
  const environment = { ...process.env, WSBAN_PYTHON: program }
  return startWsban(folder, ['verify', 'model.onnx', ...args], undefined, environment).ended
}

const difference = z.object({ absolute: z.number(), relative: z.number() })

test('another ONNX Runtime gives the same outputs and boxes, and a version may be asked for', async (t) => {
  if (skipped(t, lacksModules('onnxruntime', 'numpy'))) return
  const version = runPython(['-c', 'import onnxruntime; print(onnxruntime.__version__)']).trim()
  const result = await verify(['--runtime', `onnxruntime==${version}`, '--json'])
  t.is(result.status, 0, result.err)
  const document = z.object({
    ok: z.literal(true),
    runtime: z.literal('onnxruntime'),
    version: z.literal(version),
    images: z.literal(3),
    sameBoxes: z.literal(3),
    differences: z.record(z.string(), difference),
  })
  const { differences } = document.parse(json(result))
  t.deepEqual(Object.keys(differences).sort(), ['attention', 'boxes', 'logits/master', 'logits/part', 'probabilities'])
  t.true(Object.values(differences).every(({ relative }) => relative <= 1e-5))

  const other = await verify(['--runtime', 'onnxruntime==1.0.1'])
  t.is(other.status, 1)
  t.regex(other.err, /error\[runtime-version\].*not 1\.0\.1\n.*-m pip install onnxruntime==1\.0\.1 numpy/)
})

test('what is missing is named with the command that installs it', async (t) => {
  if (skipped(t, lacksModules('numpy'))) return
  for (const [name, packages] of [
    ['openvino', 'openvino'],
    ['tract', 'tract onnx'],
  ] as const) {
    const lacks = lacksModules(name)
    if (lacks === undefined) {
      t.log(`${python} has ${name}`)
      continue
    }
    const { status, err } = await verify(['--runtime', name])
    t.is(status, 1)
    t.regex(
      err,
      new RegExp(`error\\[runtime-missing\\].*no module \\w+, which ${name} needs\\n.*pip install ${packages}`),
    )
  }
  t.regex((await verify(['--runtime', 'openvino'], join(folder, 'nowhere'))).err, /error\[python-missing\]/)
})

const onPosix = process.platform === 'win32' ? test.skip : test

onPosix('a runtime that answers otherwise, or fails, is reported', async (t) => {
  // A program in the place of Python: it answers as the script does, with zeros for every probability.
  const program = join(folder, 'another')
  const answering = (code: string) => {
    writeFileSync(program, `#!${process.execPath}\n${code}`)
    chmodSync(program, 0o755)
    return verify(['--runtime', 'openvino', '--json'], program)
  }
  const zeros = `const { readFileSync, writeFileSync } = require('node:fs')
const [, name, , images, out] = process.argv.slice(2)
const lines = readFileSync(images + '/images.txt', 'utf8').split('\\n').map((line, index) => {
  writeFileSync(out + '/' + index + '.f32', new Uint8Array(40))
  return [line.split('\\t')[0], 'probabilities', 1, 10].join('\\t')
})
writeFileSync(out + '/outputs.txt', lines.join('\\n'))
console.log('2026.1.0-build')
`
  const differs = await answering(zeros)
  t.is(differs.status, 1, differs.err)
  t.like(json(differs), { ok: false, version: '2026.1.0', sameBoxes: 0 })
  const failed = await answering('console.log("9.9"); console.error("RuntimeError: no Loop"); process.exit(1)')
  t.is(failed.status, 1)
  t.regex(failed.err, /error\[runtime-failed\].*openvino 9\.9 does not run model\.onnx: RuntimeError: no Loop/)
})

test('names and flags that do not fit are wrong usage', async (t) => {
  for (const [args, pattern] of [
    [['--runtime', 'tvm'], /one of onnxruntime, openvino/],
    [['--runtime', 'openvino==;rm'], /==VERSION/],
    [['--runtime', 'openvino', '--deep'], /--deep is about the engine/],
    [['--runtime', 'openvino', '--against', 'x'], /--against is about the engine/],
  ] as const) {
    const { status, err } = await verify(args)
    t.is(status, 2)
    t.regex(err, pattern)
  }
})
