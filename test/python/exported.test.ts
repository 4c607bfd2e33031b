import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { exportedModel } from '../support/exported_model.js'
import { sharp } from '../support/sharp.js'

/** A Python with onnx, onnxruntime, numpy and pillow; without it these tests are skipped. */
const python = process.env.WSBAN_PYTHON ?? 'python3'
const ready = spawnSync(python, ['-c', 'import onnx, onnxruntime, numpy, PIL']).status === 0

const { folder, model } = exportedModel()

function run(...args: readonly string[]) {
  return spawnSync(python, args, { encoding: 'utf8' })
}

test('files with functions, with both passes in a loop, and of every opset pass the same', async (t) => {
  if (!ready) {
    t.log(`skipped: ${python} lacks onnx, onnxruntime, numpy or pillow (WSBAN_PYTHON names another)`)
    t.pass()
    return
  }
  const { graph, stored } = compileFile(join(packageRoot(), 'models', 'wsdan_tiny.wsban'))
  if (!graph) throw new Error('the model does not compile')
  const path = join(folder, 'variant.onnx')
  const variants = [
    { functions: true },
    { fusePasses: true },
    { functions: true, precision: { name: 'fp16' } },
    { fusePasses: true, functions: true },
    { opset: 19 },
    { opset: 20 },
    { opset: 21, functions: true },
  ] as const
  for (const variant of variants) {
    await exportOnnx({ graph, stored, classes: undefined, path, input: 'image', weights: { seed: 1 }, ...variant })
    const { status, stderr } = run(join(packageRoot(), 'test', 'python', 'check_exported.py'), path)
    t.is(status, 0, `${JSON.stringify(variant)}: ${stderr}`)
  }
})

test("an exported file passes ONNX's checker and runs in Python, one image or five", (t) => {
  if (!ready) {
    t.log(`skipped: ${python} lacks onnx, onnxruntime, numpy or pillow (WSBAN_PYTHON names another)`)
    t.pass()
    return
  }
  const { status, stderr, stdout } = run(join(packageRoot(), 'test', 'python', 'check_exported.py'), model)
  t.is(status, 0, stderr)
  t.regex(stdout, /"opset": 18/)
})

test("the page's Python consumer works", async (t) => {
  if (!ready) {
    t.log(`skipped: ${python} lacks onnx, onnxruntime, numpy or pillow (WSBAN_PYTHON names another)`)
    t.pass()
    return
  }
  const code = /```python\n([\s\S]*?)```/.exec(readFileSync(join(packageRoot(), 'docs', 'onnx.md'), 'utf8'))?.[1] ?? ''
  writeFileSync(join(folder, 'consumer.py'), code)
  const image = join(folder, 'image.png')
  await sharp({ create: { width: 50, height: 70, channels: 3, background: '#875' } })
    .png()
    .toFile(image)
  const { status, stderr, stdout } = run(join(folder, 'consumer.py'), model, image)
  t.is(status, 0, stderr)
  t.regex(stdout, /^class \d 0\.\d+ \[/)
})
