import { IndentationText, Project, type SourceFile } from 'ts-morph'
import { elementAt } from '../../../grammar/present.js'
import { cropAnswers } from '../../graph/answers.js'
import { readsImages } from '../../graph/frozen_parts.js'
import type { Graph, Parameter, ValueRef } from '../../graph/graph.js'
import { answers as answersOf, specialise } from '../../graph/phase.js'
import { reachable } from '../../graph/prune.js'
import { signatureOf } from '../../graph/signature.js'
import { withSecondFrames } from '../second_frames.js'
import { type Item, Structure } from '../structure.js'
import { codeWithoutOperands } from './call.js'
import { callsTensorflow, type Expression, type Field, printStatement, variable, variablesIn } from './expression.js'
import { featuresParameter, type ModelPart, modelParts, partFunctions, programOf } from './frozen_parts.js'
import { tensorType } from './function_body.js'
import { type FunctionText, FunctionWriter } from './functions.js'
import { Layouts } from './layout.js'
import { literal } from './literals.js'

export interface GeneratedFile {
  readonly path: string
  readonly text: string
}

export interface TfjsOptions {
  /** The name of the spec, for the first line of each file. */
  readonly source: string
  readonly version: string
  /** The spec with all its imports, as stored in runs. */
  readonly spec: unknown
}

/**
 * Generates the model as a small TypeScript project: `model.ts` as a person would write it (one function per block or branch, one line per binding),
 * its table of parameters, a small `train.ts`, and package.json. The same graph gives the same bytes.
 */
export function emitTfjs(graph: Graph, options: TfjsOptions): readonly GeneratedFile[] {
  const project = new Project({
    useInMemoryFileSystem: true,
    manipulationSettings: { indentationText: IndentationText.TwoSpaces },
  })
  return [
    { path: 'model.ts', text: modelFile(project, graph, options) },
    { path: 'parameters.ts', text: parametersFile(project, graph) },
    { path: 'train.ts', text: trainFile(project) },
    { path: 'spec.json', text: `${JSON.stringify(options.spec, undefined, 2)}\n` },
    { path: 'package.json', text: packageFile(graph) },
    { path: 'tsconfig.json', text: tsconfigFile() },
  ]
}

function modelFile(project: Project, whole: Graph, { source, version }: TfjsOptions): string {
  const { head, parts } = modelParts(whole)
  const taken = parts.map(({ name }) => name)
  const frozen = parts.map((part) => {
    const functions = partFunctions(part, taken)
    taken.push(...functions.texts.map(({ name }) => name))
    return functions
  })
  // Training needs both predictions of a selection for every image.
  const graph = whole.losses.length === 0 ? withSecondFrames(head) : head
  const layouts = new Layouts(graph)
  const structure = new Structure(graph, (node) => codeWithoutOperands(node, graph, layouts))
  const writer = new FunctionWriter(structure, layouts, taken)
  const file = project.createSourceFile('model.ts')
  file.addStatements([
    // Without what ends a line, cannot be seen, or turns the direction of the text.
    `// ${graph.name}, written by wsban ${version} from ${source.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')}.`,
    '// Feature maps are [batch, height, width, channels] here; shapes in comments read channels x height x width.',
  ])
  const { forward, losses, steps } = modelFunctions(structure, writer, parts[0]?.name)
  const features = frozen.map(({ exported }) => exported)
  const exported = [...features, forward, ...(losses ? [losses] : []), ...steps]
  // A part is written behind the one that it takes features from.
  const texts = [
    ...frozen.toReversed().flatMap(({ texts, exported }) => [...texts, exported]),
    ...writer.texts,
    ...exported.slice(features.length),
  ]
  addImports(file, [writer, ...frozen.map(({ writer: own }) => own)], texts)
  for (const text of texts) addFunction(file, text, exported.includes(text))
  file.addStatements(['', definition(graph, steps, parts)])
  return format(file)
}

function addImports(file: SourceFile, writers: readonly FunctionWriter[], texts: readonly FunctionText[]): void {
  const parameterTypes = texts.flatMap(({ parameters }) => parameters.flatMap(({ imports = [] }) => imports))
  const types = [...new Set(['Answers', 'Model', 'Scope', ...parameterTypes])].sort()
  const runtime = new Set(writers.flatMap((writer) => [...writer.runtime]))
  const names = [...[...runtime].sort(), ...types.map((name) => `type ${name}`)].map((name) => `  ${name},\n`)
  const tf = texts.some(({ tidies, statements }) => tidies || statements.some(({ value }) => callsTensorflow(value)))
  const lines = [
    `import ${tf ? '' : 'type '}* as tf from '@tensorflow/tfjs-core'`,
    `import {\n${names.join('')}} from 'wsban/runtime'`,
    "import { parameters } from './parameters.ts'",
  ]
  file.insertStatements(2, [...lines, ''])
}

function addFunction(
  file: SourceFile,
  { name, doc, parameters, returnType, tidies, statements }: FunctionText,
  exported: boolean,
): void {
  const lines = statements.map(printStatement)
  file.addStatements('')
  file.addFunction({
    name,
    isExported: exported,
    docs: [doc],
    parameters: parameters.map(({ name: parameter, type, initializer }) => ({
      name: parameter,
      type,
      ...(initializer && { initializer }),
    })),
    ...(returnType && { returnType }),
    statements: tidies ? ['return tf.tidy(() => {', ...lines, '})'] : lines,
  })
}

interface ModelFunctions {
  /** From the image to the answers. */
  readonly forward: FunctionText
  /** From there to the losses; undefined for a model that cannot be trained. */
  readonly losses: FunctionText | undefined
  /** From the inputs to the losses of each of several optimizer steps. */
  readonly steps: readonly FunctionText[]
}

/** @param featuresFrom the function that computes the features of the frozen part that was split off */
function modelFunctions(
  structure: Structure,
  writer: FunctionWriter,
  featuresFrom: string | undefined,
): ModelFunctions {
  const { graph } = structure
  const root = structure.frame(0)
  const body = writer.body(root, undefined)
  const answering = reachable(graph.nodes, answersOf(graph))
  // Nodes that no output depends on are computed in training only.
  const isAnswer = structure.computing(answering)
  const isLoss = (item: Item) => !isAnswer(item)
  const answers = answersCode(graph, (value) => body.codeIn(value, 'channels last'))
  const lossStatements = body.statements(isLoss)
  const lossFields = graph.losses.map(({ name, value }) => ({ name, value: body.code(value) }))
  const forwardStatements = body.statements(isAnswer)
  const read = variablesIn([...lossStatements, ...lossFields].map(({ value }) => value))
  const features = (graph.features ?? []).map(({ value }) => body.inputName(value))
  const handedOn = [
    ...features.filter((name) => read.has(name)),
    ...forwardStatements.flatMap((one) => (one.kind === 'const' && read.has(one.name) ? [one.name] : [])),
  ]
  const image = { name: body.inputName(graph.image.value), type: tensorType(structure, graph.image.value) }
  const labels = graph.labels.map(({ kind, size, value }) => ({
    name: body.inputName(value),
    type: kind === 'Class' ? 'tf.Tensor1D' : 'tf.Tensor2D',
    initializer: `at.absent${kind === 'Class' ? `Classes(${image.name})` : `Numbers(${image.name}, ${size})`}`,
  }))
  const views = graph.views.map(({ size, value }) => ({
    name: body.inputName(value),
    type: tensorType(structure, value),
    initializer: `at.absentView(${image.name}, ${size})`,
  }))
  const given = [...labels, ...views]
  const known = variablesIn([...forwardStatements.map(({ value }) => value), answers])
  // In training answers may depend on labels and views, which are given by their place.
  const last = featuresFrom === undefined ? given.findLastIndex(({ name }) => known.has(name)) : given.length - 1
  const frozen = featuresFrom === undefined ? [] : [featuresParameter(features, featuresFrom, [image, ...views])]
  const needed = [...given.slice(0, last + 1), ...frozen]
  const forward: FunctionText = {
    name: 'forward',
    doc: 'From normalised images to what the model answers, and what its losses are made from.',
    parameters: [{ name: 'at', type: 'Scope' }, image, ...needed],
    returnType: undefined,
    tidies: false,
    statements: [
      ...forwardStatements,
      { kind: 'const', name: 'answers', type: 'Answers', value: answers, comment: '' },
      { kind: 'return', value: record(['answers', ...handedOn].map((name) => ({ name, value: variable(name) }))) },
    ],
  }
  if (graph.losses.length === 0 || labels.length === 0) return { forward, losses: undefined, steps: [] }
  const losses: FunctionText = {
    name: 'losses',
    doc: graph.plan.steps
      ? 'All losses. Training takes an optimizer step for those of each function below.'
      : 'Training makes the sum of these small.',
    parameters: [
      { name: 'at', type: 'Scope' },
      { name: `{ ${handedOn.join(', ')} }`, type: 'ReturnType<typeof forward>' },
      ...given.map(({ name, type }) => ({ name, type })),
      ...(read.has(image.name) ? [image] : []),
    ],
    returnType: 'Record<string, tf.Scalar>',
    tidies: false,
    statements: [...lossStatements, { kind: 'return', value: record(lossFields) }],
  }
  const steps = (graph.plan.steps ?? []).map((names, index): FunctionText => {
    const own = graph.losses.filter(({ name }) => names.includes(name))
    const values = own.map(({ value }) => value)
    const fields = own.map(({ name, value }) => ({ name, value: body.code(value) }))
    return {
      name: `step_${index + 1}`,
      doc: `The losses of one optimizer step: ${names.join(', ')}.`,
      parameters: [{ name: 'at', type: 'Scope' }, image, ...given.map(({ name, type }) => ({ name, type })), ...frozen],
      returnType: 'Record<string, tf.Scalar>',
      tidies: false,
      statements: [
        ...body.statements(structure.computing(reachable(graph.nodes, values))),
        { kind: 'return', value: record(fields) },
      ],
    }
  })
  return { forward, losses, steps }
}

function answersCode(graph: Graph, code: (value: ValueRef) => Expression): Expression {
  const { predictions, crops, early, logits } = graph
  const field = ({ name, value }: { readonly name: string; readonly value: ValueRef }) => ({ name, value: code(value) })
  return record([
    ...predictions.map(field),
    ...cropAnswers(crops).map(field),
    ...early.map(field),
    { name: 'logits', value: record(logits.map(field)) },
  ])
}

function record(fields: readonly Field[]): Expression {
  return { kind: 'object', fields }
}

function definition(graph: Graph, steps: readonly FunctionText[], parts: readonly ModelPart[]): string {
  const { image, label, labels, views, plan } = graph
  const trains = graph.losses.length > 0 && labels.length > 0
  const signature = signatureOf(graph)
  const fields = [
    `name: ${literal(graph.name)}`,
    `settings: ${literal(graph.settings)}`,
    `image: ${literal({ size: image.height, steps: image.steps })}`,
    ...(views.length > 0 ? [`views: ${literal(views.map(({ name, size, steps }) => ({ name, size, steps })))}`] : []),
    ...(label ? [`classes: ${label.size}`] : []),
    ...(signature ? [`signature: ${literal(signature)}`] : []),
    `plan: ${literal(plan)}`,
    `pretrained: ${literal(graph.pretrained.map(({ path, source, partial }) => ({ path, source, partial })))}`,
    'parameters',
    'forward',
    ...(trains ? ['losses'] : []),
    ...(parts.length > 0 ? [`features: [${parts.map((_, index) => partCode(graph, parts, index)).join(', ')}]`] : []),
    ...(steps.length > 0 ? [`steps: [${steps.map(({ name }) => name).join(', ')}]`] : []),
  ]
  const state = trains ? 'ReturnType<typeof forward>' : ''
  return `\n/** All that training and prediction need of the model. */\nexport const model: Model${state && `<${state}>`} = {\n${fields.map((field) => `  ${field},\n`).join('')}}`
}

/** How training computes a frozen part, and for how long it keeps the features. */
function partCode(head: Graph, parts: readonly ModelPart[], index: number): string {
  const { name, whole, epochs, features } = elementAt(parts, index)
  // While the features are kept, the parts before this one and the head run.
  const running = [head, ...parts.slice(0, index).map(({ graph }) => graph)]
  const fields = [
    ...Object.entries({
      epochs,
      program: programOf(whole),
      readsImages: running.some(readsImages),
      values: features.map((feature) => ({ name: feature.name, shape: feature.shape })),
    }).map(([field, value]) => `${field}: ${literal(value)}`),
    `compute: ${name}`,
  ]
  return `{ ${fields.join(', ')} }`
}

function parametersFile(project: Project, graph: Graph): string {
  const file = project.createSourceFile('parameters.ts')
  const answering = specialise(graph, 'inference').parameters
  const lines = [...graph.parameters.values()].map(
    (parameter) => `${parameterCode(parameter, !answering.has(parameter.name))},`,
  )
  file.addStatements([
    "import type { ParameterSpec } from 'wsban/runtime'",
    '',
    "/** Every weight and statistic: its name is the key in a checkpoint, its shape PyTorch's; `layout` is the order of dimensions in TensorFlow.js. */",
    `export const parameters: readonly ParameterSpec[] = [\n${lines.join('\n')}\n]`,
  ])
  return format(file)
}

function parameterCode(parameter: Parameter, trainingOnly: boolean): string {
  const { name, shape, initializer, trainable, average, tfjsLayout, positions, eps } = parameter
  const layout = tfjsLayout ? `, layout: [${tfjsLayout.join(', ')}]` : ''
  return `{ name: ${literal(name)}, shape: [${shape.join(', ')}], initializer: ${literal(initializer)}, trainable: ${trainable}${average ? `, average: ${literal(average)}` : ''}${trainingOnly ? ', trainingOnly: true' : ''}${layout}${positions ? `, positions: ${literal(positions)}` : ''}${eps === undefined ? '' : `, eps: ${eps}`} }`
}

function trainFile(project: Project): string {
  const file = project.createSourceFile('train.ts')
  file.addStatements([
    "import { trainFromCommandLine } from 'wsban/runtime'",
    "import { model } from './model.ts'",
    "import spec from './spec.json' with { type: 'json' }",
    '',
    '// npm run train -- --data DIR -o RUN [--epochs N] [--batch N] [--seed N]',
    'await trainFromCommandLine(model, spec, process.argv.slice(2))',
  ])
  return format(file)
}

function packageFile(graph: Graph): string {
  const content = {
    name: graph.name,
    private: true,
    type: 'module',
    scripts: { check: 'tsc --noEmit', train: 'tsx train.ts' },
    dependencies: { '@tensorflow/tfjs-core': '4.22.0', wsban: '*' },
    devDependencies: { '@types/node': '^20', tsx: '^4', typescript: '^5.9' },
  }
  return `${JSON.stringify(content, undefined, 2)}\n`
}

function tsconfigFile(): string {
  const compilerOptions = {
    target: 'ES2022',
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    resolveJsonModule: true,
    // Deno and Node's own TypeScript find a module by the file's name.
    rewriteRelativeImportExtensions: true,
    types: ['node'],
  }
  return `${JSON.stringify({ compilerOptions, include: ['*.ts'] }, undefined, 2)}\n`
}

function format(file: SourceFile): string {
  file.formatText({ indentSize: 2 })
  return file.getFullText()
}
