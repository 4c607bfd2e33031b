import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { present } from '../../grammar/present.js'
import { compile as compileOnDisk } from '../../runtime/api/index.js'
import {
  check,
  compile,
  draw,
  expand,
  exportOnnx,
  Failure,
  format,
  parse,
  standardFiles,
  version,
} from '../../runtime/compiler_api/index.js'
import { exportOnnx as exportToDisk } from '../../runtime/export/onnx.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileText } from '../../runtime/specs/spec.js'
import { writeSafetensors } from '../../runtime/weights/formats/safetensors.js'
import { initialValues } from '../../runtime/weights/initial_values.js'

const tiny = present(standardFiles.wsban_tiny, 'wsban_tiny')

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'wsban compiler '))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('the standard files are those of the package', (t) => {
  for (const name of ['wsban_tiny', 'backbones/inception_v3', 'blocks/attention'])
    t.is(standardFiles[name], readFileSync(join(packageRoot(), 'models', `${name}.wsban`), 'utf8'))
  t.regex(version, /^\d+\.\d+\.\d+/)
})

test('a spec is checked as on disk', (t) => {
  const good = check(tiny, { set: { classes: 5 } })
  t.true(good.ok)
  t.is(good.report, '')
  t.deepEqual(good.model?.outputs, [{ name: 'probabilities', shape: [null, 5] }])
  const bad = check({ name: 'bad.wsban', text: 'block twice(x) {\n  return reluu(x)\n}\n' })
  t.false(bad.ok)
  t.deepEqual(
    bad.diagnostics.map(({ code, at }) => [code, at.file, at.line, at.column]),
    [['unknown-name', 'bad.wsban', 2, 10]],
  )
  t.regex(bad.report, /^error\[unknown-name\]: .*\n --> bad\.wsban:2:10\n/)
})

test('a spec imports its own files by relative paths, and none from above', (t) => {
  const files = {
    'blocks/twice.wsban': 'import half from "../half"\nblock twice(x) { return half(x) + half(x) }\n',
    'half.wsban': 'block half(x) { return 0.5 * x }\n',
  }
  const importing = (path: string) => `import twice from "${path}"\nblock four(x) { return twice(twice(x)) }\n`
  t.deepEqual(check({ text: importing('./blocks/twice'), files }).diagnostics, [])
  t.deepEqual(check({ name: 'blocks/four.wsban', text: importing('./twice'), files }).diagnostics, [])
  for (const path of ['./twice', '../blocks/twice', './__proto__', '/blocks/twice', 'blocks/../blocks/twice'])
    t.deepEqual(
      check({ text: importing(path), files }).diagnostics.map(({ code }) => code),
      ['import-not-found'],
      path,
    )
})

test('a text is parsed, formatted, written out and drawn', (t) => {
  t.deepEqual(
    parse('block a(x) { return x }\nblock b(x) {').tree.blocks.map(({ name }) => name.text),
    ['a', 'b'],
  )
  t.false(parse('block b(x) {').ok)
  t.like(format('block  a( x ){return x}'), { ok: true, text: 'block a(x) { return x }\n' })
  t.false(format('block a(x) { return }').ok)
  const { text = '' } = expand(tiny)
  t.false(text.includes('import'))
  t.deepEqual(check(text).model, check(tiny).model)
  t.is(expand('block a(x) { return y }').text, undefined)
  t.regex(draw(tiny, { theme: 'light' }).svg ?? '', /^<svg/)
  t.is(draw('block a(x) { return x }').svg, undefined)
})

for (const target of ['tfjs', 'pytorch'] as const)
  test(`the files of ${target} are those that wsban compile writes`, async (t) => {
    const { ok, files } = await compile({ name: 'memory.wsban', text: tiny }, { target, set: { classes: 4 } })
    t.true(ok)
    await inFolder(async (out) => {
      const spec = { path: 'memory.wsban', text: tiny }
      const paths = await compileOnDisk(spec, { target, out, set: { classes: 4 } })
      t.deepEqual(
        files.map(({ path }) => path),
        paths.map((path) => path.slice(out.length + 1)),
      )
      for (const { path, text } of files) t.is(text, await readFile(join(out, path), 'utf8'), path)
    })
    t.deepEqual((await compile('model m {', { target })).files, [])
  })

for (const precision of ['fp32', 'fp16'] as const)
  test(`an ONNX file in ${precision} is the one that wsban export writes, byte for byte`, async (t) => {
    const { onnx } = await exportOnnx(tiny, { seed: 3, precision, classes: ['a', 'b'], set: { classes: 2 } })
    const { graph, stored } = compileText('spec.wsban', tiny, { classes: 2 })
    await inFolder(async (folder) => {
      const path = join(folder, 'disk.onnx')
      await exportToDisk({
        graph: present(graph, 'the graph'),
        stored,
        classes: ['a', 'b'],
        path,
        input: 'image',
        weights: { seed: 3 },
        precision: { name: precision },
        unchecked: true,
      })
      t.true(Buffer.from(present(onnx, 'the file').bytes).equals(await readFile(path)))
    })
    t.deepEqual(onnx?.random, onnx?.parameters)
  })

test('weights are given as the bytes of a safetensors file', async (t) => {
  const { graph } = compileText('spec.wsban', tiny)
  const parameters = [...present(graph, 'the graph').parameters.values()]
  const tensors = new Map(
    parameters.map((parameter) => [parameter.name, { shape: parameter.shape, values: initialValues(parameter, 7) }]),
  )
  const [first = ''] = tensors.keys()
  const { whole, part } = await inFolder(async (folder) => {
    const bytesOf = async (name: string) => {
      await writeSafetensors(join(folder, name), { tensors, metadata: {} })
      return new Uint8Array(await readFile(join(folder, name)))
    }
    const whole = await bytesOf('whole.safetensors')
    tensors.delete(first)
    return { whole, part: await bytesOf('part.safetensors') }
  })
  const loaded = (await exportOnnx(tiny, { weights: whole })).onnx
  t.deepEqual(loaded?.random, [])
  // The same values, and other metadata.
  const random = (await exportOnnx(tiny, { seed: 7 })).onnx
  t.is(loaded?.nodes, random?.nodes)
  const lacking = await t.throwsAsync(exportOnnx(tiny, { weights: part }), { instanceOf: Failure })
  t.is(lacking?.problem.code, 'weights-do-not-fit')
  t.true(lacking?.problem.message.includes(first))
  t.deepEqual((await exportOnnx(tiny, { weights: part, seed: 1 })).onnx?.random, [first])
  for (const bytes of [new Uint8Array(), whole.slice(0, 1000), new Uint8Array(64).fill(255)]) {
    const error = await t.throwsAsync(exportOnnx(tiny, { weights: bytes }), { instanceOf: Failure })
    t.is(error?.problem.code, 'weights-unreadable')
  }
  t.is((await exportOnnx('model m {')).onnx, undefined)
})
