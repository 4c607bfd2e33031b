import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { check, compile, Failure, load, predict, SpecFailure } from '../../runtime/api/index.js'
import { packageRoot } from '../../runtime/package_root.js'

const tiny = join(packageRoot(), 'models', 'wsban_tiny.wsban')

async function folder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'wsban api '))
}

/** Returns a grey image as a PNG file, encoded by sharp. */
async function greyPng(): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp')
  return sharp({ create: { width: 40, height: 30, channels: 3, background: '#888' } })
    .png()
    .toBuffer()
}

test('check tells errors with their places, and a model with its size', (t) => {
  const good = check(tiny, { set: { classes: 5 } })
  t.true(good.ok)
  t.is(good.model?.name, 'wsban_tiny')
  t.is(good.model?.settings.classes, 5)
  t.deepEqual(good.model?.outputs, [{ name: 'probabilities', shape: [null, 5] }])

  const text = 'block twice(x) {\n  return reluu(x)\n}\n'
  const bad = check({ path: 'memory.wsban', text })
  t.false(bad.ok)
  t.is(bad.model, undefined)
  const [first] = bad.diagnostics
  t.deepEqual([first?.code, first?.at.file, first?.at.line, first?.at.column], ['unknown-name', 'memory.wsban', 2, 10])
})

test('a text finds what it imports as if it stood in its file', (t) => {
  const text = 'import tiny from "backbones/tiny"\nblock twice(image) {\n  return tiny(image)\n}\n'
  t.deepEqual(check({ path: 'memory.wsban', text }).diagnostics, [])
})

test('compile writes a target, or says where the spec is wrong', async (t) => {
  const out = await folder()
  const paths = await compile(tiny, { target: 'tfjs', out })
  t.true(paths.includes(join(out, 'model.ts')))
  t.regex(await readFile(join(out, 'model.ts'), 'utf8'), /export function forward/)
  const wrong = {
    path: 'wrong.wsban',
    text: 'model m(classes = 2) {\n  input image: Image[3, 8, 8]\n  predict p = softmax(nothing)\n}\n',
  }
  const error = await t.throwsAsync(compile(wrong, { target: 'onnx', out }), { instanceOf: SpecFailure })
  t.regex(error?.problem.message ?? '', /^wrong\.wsban has \d+ errors?; the first is wrong\.wsban:\d+:\d+: /)
  t.true((error?.diagnostics.length ?? 0) > 0)
})

test('a model answers about paths and bytes alike', async (t) => {
  const out = await folder()
  const [file = ''] = await compile(tiny, { target: 'onnx', out, set: { classes: 3 } })
  const bytes = await greyPng()
  const path = join(out, 'grey.png')
  await writeFile(path, bytes)
  const model = await load(file)
  t.deepEqual(model.classes, ['class 0', 'class 1', 'class 2'])
  const [one, other] = await model.predict([path, bytes], { top: 2 })
  t.is(one?.classes.length, 2)
  t.deepEqual(one, other)
  const box = one?.box
  t.true(box !== undefined && box.y1 < box.y2 && box.x1 < box.x2)
  await model.close()
  const [again] = await predict(file, [bytes], { top: 2 })
  t.deepEqual(again?.classes, one?.classes)
  const error = await t.throwsAsync(predict(file, [Buffer.from('no image')]), { instanceOf: Failure })
  t.is(error?.problem.code, 'image-unreadable')
  t.regex(error?.problem.message ?? '', /image 1/)
})
