import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import ts from 'typescript'
import { compile } from '../../compiler/compile.js'
import { withoutLosses } from '../../compiler/graph/phase.js'
import { emitTfjs, type GeneratedFile } from '../../compiler/targets/tfjs/emit.js'
import { present } from '../../grammar/present.js'
import { packageRoot } from '../../runtime/package_root.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { modelNames } from '../../runtime/specs/spec_file.js'
import { cascadeGraph, cascades } from '../support/cascades.js'
import { unlabelledModel } from '../support/unlabelled_model.js'

const root = packageRoot()

function generate(model: string): readonly GeneratedFile[] {
  const { graph, stored, diagnostics } = compileFile(join(root, `${model}.wsban`))
  if (!graph) throw new Error(JSON.stringify(diagnostics))
  return emitTfjs(graph, { source: stored.entry, version: '0', spec: stored })
}

function emitText(text: string, source = 'a.wsban'): readonly GeneratedFile[] {
  const { graph, diagnostics } = compile({ source: 'a.wsban', text }, diskLibrary())
  if (!graph) throw new Error(JSON.stringify(diagnostics))
  return emitTfjs(graph, { source, version: '0', spec: {} })
}

function modelCode(files: readonly GeneratedFile[]): string {
  return present(
    files.find(({ path }) => path === 'model.ts'),
    'model.ts',
  ).text
}

const activations = emitText(`import activation from "blocks/activation"

model m(size = 16) {
  input image: Image[3, size, size]
  branch master(image) {
    a = image -> conv2d(4, 3) -> batch_norm(eps = 1e-3) -> relu
    norm = conv2d(a, 4, 3) -> batch_norm
    b = hard_swish(norm)
    c = b -> conv2d(4, 3) -> batch_norm -> activation("silu")
    shared = conv2d(c, 4, 3) -> batch_norm
    d = relu6(shared) + shared
    e = conv2d(d, 4, 3) -> batch_norm -> tanh
    logits   = activation(e, "silu") -> global_avg_pool -> linear(3)
  }
  predict probabilities = softmax(master.logits)
}
`)

const unlabelled = emitText(unlabelledModel)

/** Generates code of bindings named like keywords or functions of TypeScript. */
function oddNames(): readonly GeneratedFile[] {
  const renamed = { embedding: 'new', parts: 'class', trunk: 'await', crop: 'relu', logits: 'logits' }
  let text = readFileSync(join(root, 'models', 'wsban_tiny.wsban'), 'utf8')
  for (const [from, to] of Object.entries(renamed)) text = text.replaceAll(new RegExp(`\\b${from}\\b`, 'g'), to)
  return emitText(text, "odd'`\n*/.wsban")
}

/** Type errors in generated projects under strict, by the project's name. Imports from wsban/runtime are resolved to our sources. */
function typeErrors(projects: Readonly<Record<string, readonly GeneratedFile[]>>): string[] {
  const folder = join(root, 'generated-for-a-test')
  const texts = new Map(
    Object.entries(projects).flatMap(([name, files]) =>
      files.map(({ path, text }) => [join(folder, name, path), text]),
    ),
  )
  const options: ts.CompilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    noUnusedParameters: false,
    noEmit: true,
    skipLibCheck: true,
    resolveJsonModule: true,
    rewriteRelativeImportExtensions: true,
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
  const code = [...texts.keys()].filter((path) => path.endsWith('.ts'))
  const program = ts.createProgram(code, options, host)
  const diagnostics = code.flatMap((path) => ts.getPreEmitDiagnostics(program, program.getSourceFile(path)))
  return diagnostics.map(({ messageText, file, start }) => {
    const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0
    return `${file?.fileName}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}

test('generated code type-checks with strict', (t) => {
  const projects = {
    ...Object.fromEntries(modelNames().map((name) => [name, generate(`models/${name}`)])),
    many_features: generate('test/fixtures/models/many_features'),
    elementwise: generate('test/fixtures/models/elementwise'),
    windows: generate('test/fixtures/models/windows'),
    activations,
    unlabelled,
    odd_names: oddNames(),
    cascade: emitTfjs(withoutLosses(cascadeGraph(cascades['three passes'])), {
      source: 'staged.wsban',
      version: '0',
      spec: {},
    }),
  }
  t.deepEqual(typeErrors(projects), [])
  // The check itself finds errors.
  const wrong = activations.map((file) => ({ ...file, text: file.text.replace("'hard_swish'", "'tanh'") }))
  t.regex(typeErrors({ wrong }).join(), /"tanh"/)
})

test('the same spec gives the same bytes', (t) => {
  t.deepEqual(generate('models/wsban_tiny'), generate('models/wsban_tiny'))
})

test('an operand that an operation reads twice is computed once', (t) => {
  const text = modelCode(generate('test/fixtures/models/elementwise'))
  t.is(text.match(/\bdropout\(/g)?.length, 1, text)
  t.is(text.match(/\bconv2d\(/g)?.length, 1, text)
})

test('an activation of a batch norm is its option, wherever nothing else reads the batch norm', (t) => {
  const model = modelCode(activations)
  t.regex(model, /batchNorm\(.*, \{ eps: 0.001, activation: 'relu' \}\)/)
  t.regex(model, /const b = batchNorm\(.*\{ activation: 'hard_swish' \}\)/)
  t.regex(model, /const c = batchNorm\(.*\{ activation: 'silu' \}\)/)
  t.regex(model, /relu6\(shared\)/)
  // One call of the block is left, in which the activation stands alone.
  t.regex(model, /The block activation\./)
  t.regex(model, /activation\(at\.in\('[^']*'\), e\)/)
})

test('names of the spec are the names of the code', (t) => {
  const text = modelCode(generate('models/wsban'))
  for (const name of ['Mixed_6e', 'branch7x7dbl_4', 'master', 'part', 'crop', 'embedding', 'logits'])
    t.regex(text, new RegExp(`\\b${name}\\b`))
  const parameters = generate('models/wsban').find(({ path }) => path === 'parameters.ts')?.text ?? ''
  t.true(parameters.includes("'master.trunk.Mixed_6e.branch7x7_1.conv.weight'"))
})

test('a model without a label becomes code that only predicts', (t) => {
  const model = modelCode(unlabelled)
  t.true(model.includes('forward'))
  t.notRegex(model, /\blabel\b|losses:/)
})
