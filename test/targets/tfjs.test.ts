import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import ts from 'typescript'
import { compile } from '../../compiler/compile.js'
import { withoutLosses } from '../../compiler/graph/phase.js'
import { emitTfjs, type GeneratedFile } from '../../compiler/targets/tfjs/emit.js'
import { packageRoot } from '../../runtime/package-root.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { cascadeGraph, cascades } from '../support/cascades.js'

const root = packageRoot()

const errorsIn = (files: readonly GeneratedFile[]) =>
  typeErrors(files).filter((line) => line.includes('generated-for-a-test'))

function generate(model: string): readonly GeneratedFile[] {
  const { graph, stored, diagnostics } = compileFile(join(root, `${model}.wsban`))
  if (!graph) throw new Error(JSON.stringify(diagnostics))
  return emitTfjs(graph, { source: stored.entry, version: '0', spec: stored })
}

/** Errors of the generated project under strict, its imports from wsban/runtime met by our sources. */
function typeErrors(files: readonly GeneratedFile[]): string[] {
  const folder = join(root, 'generated-for-a-test')
  const texts = new Map(files.map(({ path, text }) => [join(folder, path), text]))
  const options: ts.CompilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    noUnusedParameters: false,
    noEmit: true,
    skipLibCheck: true,
    resolveJsonModule: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    baseUrl: root,
    paths: { 'wsban/runtime': ['runtime/index.ts'] },
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = (path) => texts.has(path) || fileExists(path)
  host.readFile = (path) => texts.get(path) ?? readFile(path)
  // Folders of files that exist only here are looked into, too.
  host.directoryExists = () => true
  const getSourceFile = host.getSourceFile.bind(host)
  host.getSourceFile = (path, ...rest) => {
    const text = texts.get(path)
    return text === undefined ? getSourceFile(path, ...rest) : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022)
  }
  const program = ts.createProgram(
    [...texts.keys()].filter((path) => path.endsWith('.ts')),
    options,
    host,
  )
  return ts.getPreEmitDiagnostics(program).map(({ messageText, file, start }) => {
    const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0
    return `${file?.fileName}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}

for (const model of [
  'models/wsban',
  'models/wsban_tiny',
  'test/fixtures/models/many_features',
  'test/fixtures/models/elementwise',
  'test/fixtures/models/windows',
])
  test(`the code of ${model} type-checks with strict`, (t) => {
    const files = generate(model)
    t.deepEqual(errorsIn(files), [])
  })

test('the same spec gives the same bytes', (t) => {
  t.deepEqual(generate('models/wsban_tiny'), generate('models/wsban_tiny'))
})

test('an operand that an operation reads twice is computed once', (t) => {
  const text = generate('test/fixtures/models/elementwise').find(({ path }) => path === 'model.ts')?.text ?? ''
  t.is(text.match(/\bdropout\(/g)?.length, 1, text)
  t.is(text.match(/\bconv2d\(/g)?.length, 1, text)
})

test('names of the spec are the names of the code', (t) => {
  const text = generate('models/wsban').find(({ path }) => path === 'model.ts')?.text ?? ''
  for (const name of ['Mixed_6e', 'branch7x7dbl_4', 'master', 'part', 'crop', 'embedding', 'logits'])
    t.regex(text, new RegExp(`\\b${name}\\b`))
  const parameters = generate('models/wsban').find(({ path }) => path === 'parameters.ts')?.text ?? ''
  t.true(parameters.includes("'master.trunk.Mixed_6e.branch7x7_1.conv.weight'"))
})

test('bindings called like words of TypeScript, or like functions, make sound code', (t) => {
  const renamed = { embedding: 'new', parts: 'class', trunk: 'await', crop: 'relu', logits: 'logits' }
  let text = readFileSync(join(root, 'models', 'wsban_tiny.wsban'), 'utf8')
  for (const [from, to] of Object.entries(renamed)) text = text.replaceAll(new RegExp(`\\b${from}\\b`, 'g'), to)
  const { graph, diagnostics } = compile({ source: 'odd.wsban', text }, diskLibrary())
  if (!graph) throw new Error(JSON.stringify(diagnostics))
  const files = emitTfjs(graph, { source: "odd'`\n*/.wsban", version: '0', spec: {} })
  t.deepEqual(errorsIn(files), [])
})

test('a model without a label becomes code that only predicts', (t) => {
  const text = `model m(size = 8) {
  input image: Image[3, size, size]
  branch master(image) {
    features = image -> conv2d(4, 3) -> relu
    logits   = features -> global_avg_pool -> linear(3)
  }
  predict probabilities = softmax(master.logits)
}
`
  const { graph, diagnostics } = compile({ source: 'a.wsban', text }, diskLibrary())
  if (!graph) throw new Error(JSON.stringify(diagnostics))
  const files = emitTfjs(graph, { source: 'a.wsban', version: '0', spec: {} })
  t.deepEqual(errorsIn(files), [])
  const model = files.find(({ path }) => path === 'model.ts')?.text ?? ''
  t.true(model.includes('forward'))
  t.notRegex(model, /\blabel\b|losses:/)
})

test('code that skips second predictions has correct types', (t) => {
  const graph = withoutLosses(cascadeGraph(cascades['three passes']))
  t.deepEqual(errorsIn(emitTfjs(graph, { source: 'staged.wsban', version: '0', spec: {} })), [])
})
