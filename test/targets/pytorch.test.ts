import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { compile } from '../../compiler/compile.js'
import { operations } from '../../compiler/ops/index.js'
import { TypedCall } from '../../compiler/ops/support/typed.js'
import { inputTypes } from '../../compiler/targets/input_types.js'
import { expressionOf } from '../../compiler/targets/pytorch/call.js'
import { emitPytorch } from '../../compiler/targets/pytorch/emit.js'
import { callOfModule, source } from '../../compiler/targets/pytorch/expression.js'
import type { PythonHelper } from '../../compiler/targets/pytorch/lowering.js'
import { needsFloat32 } from '../../compiler/targets/pytorch/precision.js'
import { packageRoot } from '../../runtime/package_root.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { ready } from '../support/cases.js'
import { python } from '../support/python.js'
import { unlabelledModel } from '../support/unlabelled_model.js'

const tiny = join(packageRoot(), 'models', 'wsban_tiny.wsban')
const hasPython = spawnSync(python, ['-c', 'import ast']).status === 0

function generate(text?: string, source = 'a.wsban') {
  const { graph, diagnostics } = text === undefined ? compileFile(tiny) : compile({ source, text }, diskLibrary())
  if (!graph) throw new Error(JSON.stringify(diagnostics))
  return emitPytorch(graph, { source, version: '0' })
}

const codeOf = (files: ReturnType<typeof generate>) => files.filter(({ path }) => path.endsWith('.py'))

test('the same spec gives the same bytes', (t) => {
  t.deepEqual(generate(), generate())
})

test('modules of another branch whose names differ in a hyphen only are handed in under two names', (t) => {
  const text = `model m(classes = 3) {
  input image: Image[3, 32, 32]
  input label: Class[classes]
  branch whole(image) {
    "in-1" = conv2d(image, 3, 1)
    in_1   = conv2d("in-1", 3, 1)
    logits = in_1 -> global_avg_pool -> linear(classes)
  }
  branch other(image) { logits = whole."in-1"(image) + whole.in_1(image) -> global_avg_pool -> linear(classes) }
  loss { whole = cross_entropy(whole.logits, label), other = cross_entropy(other.logits, label) }
  predict p = softmax(whole.logits)
}`
  const model = generate(text).find(({ path }) => path === 'model.py')?.text ?? ''
  t.true(model.includes('self.add_module("in-1", Conv2d(3, 3, 1))'), model)
  t.true(model.includes('whole_in_1(image) + whole_in_1_2(image)'), model)
})

test('a block with the name of the model leaves it the name of its class', (t) => {
  const text = `block m(x) { return conv2d(x, 3, 1) }
model m(classes = 3) {
  input image: Image[3, 32, 32]
  input label: Class[classes]
  branch whole(image) { logits = m(image) -> global_avg_pool -> linear(classes) }
  loss { whole = cross_entropy(whole.logits, label) }
  predict p = softmax(whole.logits)
}`
  const files = generate(text)
  const model = files.find(({ path }) => path === 'model.py')?.text ?? ''
  t.regex(model, /class M\(nn.Module\):\n {4}"""m: images/)
  t.regex(files.find(({ path }) => path === 'recipe.py')?.text ?? '', /from model import M as Model/)
})

test('a factor by phase is one operand: evaluation multiplies by it', (t) => {
  const text = readFileSync(tiny, 'utf8').replace('-> scale(20)', '-> scale(training ? 20 : 10)')
  const model = generate(text).find(({ path }) => path === 'model.py')?.text ?? ''
  t.true(model.includes(' * (20 if self.training else 10)'), model)
})

test('functions of operations that must not compute in half precision are decorated with in_float32', (t) => {
  for (const operation of operations.values()) {
    const helpers = new Set<PythonHelper>()
    for (const one of operation.cases) {
      const { node, graph } = ready(operation, one)
      expressionOf(node, {
        graph,
        input: () => source('x'),
        module: (...given) => callOfModule(source('self.call'), ...given),
        weight: () => source('self.call'),
        option: () => undefined,
        narrow: () => false,
        classWeights: source('self.class_weights'),
        addImport: () => undefined,
        use: (helper) => helpers.add(helper),
      })
      const types = inputTypes(node, graph)
      const module = operation.lowering.pytorch.module?.(new TypedCall(operation.name, types, node.attributes))
      if (module && typeof module.type !== 'string') helpers.add(module.type)
    }
    for (const { name, code } of helpers) t.is(code.includes('@in_float32\n'), needsFloat32(operation), name)
  }
})

test('names that mean something in Python or to nn.Module, and hostile paths, make sound code', (t) => {
  const renamed = { embedding: 'lambda', parts: 'class', trunk: 'half', crop: 'self' }
  let text = readFileSync(tiny, 'utf8')
  for (const [from, to] of Object.entries(renamed)) text = text.replaceAll(new RegExp(`\\b${from}\\b`, 'g'), to)
  const path = '"""\n\r\u2028\f{x!r} \\ é 🐦 import os\'.wsban'
  const files = codeOf(generate(text, path))
  const model = files.find((file) => file.path === 'model.py')?.text ?? ''
  t.true(model.includes('self._modules["half"]'))
  t.regex(model.split('\n')[0] ?? '', /^# wsban_tiny, written by wsban 0 from .*\.wsban\.$/)
  if (!hasPython) {
    t.log(`Python's parser was not asked: there is no ${python} (WSBAN_PYTHON names another)`)
    return
  }
  const script = 'import ast, sys; print([type(n).__name__ for n in ast.parse(sys.stdin.read()).body])'
  const { status, stdout, stderr } = spawnSync(python, ['-c', script], { input: model, encoding: 'utf8' })
  t.is(status, 0, stderr)
  // Removes the common parts: imports, classes, and the function that reads weights.
  t.regex(stdout.trim(), /^\[('ImportFrom'|'Import'|'ClassDef'|, )*'FunctionDef'\]$/)
})

test('a model without a label becomes a module that only predicts, without a recipe for training', (t) => {
  const files = generate(unlabelledModel)
  const model = files.find(({ path }) => path === 'model.py')?.text ?? ''
  t.regex(model, /def forward\(self, image: Tensor\)/)
  t.notRegex(model, /label|losses/)
  t.false(files.some(({ path }) => path === 'recipe.py'))
})

test('averages, groups and rare classes of a train block are in the recipe', (t) => {
  const text = readFileSync(tiny, 'utf8').replace(
    'clip      = 5',
    'clip = 5, class_weights = balanced, average = ema(decay = 0.99), trunk = group(master.trunk, rate = 10%, weight_decay = 1%)',
  )
  const files = generate(text)
  const recipe = files.find(({ path }) => path === 'recipe.py')?.text ?? ''
  t.regex(recipe, /BALANCED = True/)
  t.regex(recipe, /\(0\.99, (?:True|False)\)/)
  t.regex(recipe, /Group\("trunk", "master\.trunk", rate=0\.1, weight_decay=0\.01\)/)
  const model = files.find(({ path }) => path === 'model.py')?.text ?? ''
  t.regex(model, /self\.register_buffer\("class_weights", torch\.ones\(8\)/)
  t.regex(model, /cross_entropy\(.*self\.class_weights/)
})

test('the code of every model is Python, each class with a forward', (t) => {
  const folders = ['models', join('test', 'fixtures', 'models')]
  const specs = folders.flatMap((folder) =>
    readdirSync(join(packageRoot(), folder))
      .filter((file) => file.endsWith('.wsban'))
      .map((file) => join(packageRoot(), folder, file)),
  )
  const script =
    'import ast, json, sys; [print(c.name, any(isinstance(m, ast.FunctionDef) for m in c.body)) ' +
    'for text in json.load(sys.stdin) for c in ast.parse(text).body if isinstance(c, ast.ClassDef) and ast.unparse(c.bases[0]) == "nn.Module"]'
  for (const spec of specs) {
    const { graph, diagnostics } = compileFile(spec)
    if (!graph) throw new Error(JSON.stringify(diagnostics))
    const files = codeOf(emitPytorch(graph, { source: spec, version: '0' }))
    const model = files.find(({ path }) => path === 'model.py')?.text ?? ''
    t.is(model.split('\n').filter((line) => line.length > 100 && !line.includes('#')).length, 0, spec)
    if (!hasPython) continue
    const input = JSON.stringify(files.map(({ text }) => text))
    const { status, stdout, stderr } = spawnSync(python, ['-c', script], { input, encoding: 'utf8' })
    t.is(status, 0, stderr)
    t.notRegex(stdout, /False/)
  }
})
