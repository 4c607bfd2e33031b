import { AnalysisFacts } from '../../compiler/analysis/analysis_facts.js'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import type { Library } from '../../compiler/analysis/modules.js'
import { describe, tensorOf } from '../../compiler/analysis/values.js'
import { analyse, neededOf } from '../../compiler/compile.js'
import type { Diagnostic } from '../../compiler/diagnostics/diagnostic.js'
import { position } from '../../compiler/diagnostics/render.js'
import { expand } from '../../compiler/expand/expand.js'
import type { Graph } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { emitPytorch } from '../../compiler/targets/pytorch/emit.js'
import { emitTfjs } from '../../compiler/targets/tfjs/emit.js'
import { format } from '../../grammar/format.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { type Context, type Example, expectationsOf, type Output, type ValueExpectation } from './spec_examples.js'

const entry = 'example.wsban'

/** Returns everything in which the compiler differs from what an example expects: nothing, if the example is right. */
export function problemsOf(example: Example): string[] {
  const whole = wrap(example.text, example.context)
  const library = libraryOf(example, whole.text)
  const facts = new AnalysisFacts(entry)
  const analysed = analyse({ source: entry, text: whole.text }, library, settingsOf(example.set), {
    train: example.train,
    facts,
  })
  const graph = analysed.whole && neededOf(analysed.whole)
  const { values } = expectationsOf(example.text)
  const known = (source: string) =>
    source === entry ? example.text : example.files.get(source.replace(/\.wsban$/, ''))
  return [
    ...diagnosticProblems(example, analysed.diagnostics, [...analysed.files.keys()], known, whole),
    ...values.flatMap((value) => valueProblem(value, whole, facts)),
    ...example.outputs.flatMap((output) => outputProblems(output, whole, graph, library)),
  ]
}

interface Whole {
  readonly text: string
  /** The lines before the example's own, and the spaces before each of these. */
  readonly first: number
  readonly indent: number
}

/** The file around an example. */
function wrap(text: string, context: Context): Whole {
  if (context === 'file') return { text, first: 0, indent: 0 }
  const [before = '', after = ''] = (context === 'branch' ? branchFrame : modelFrame)(text)
  const indent = context === 'branch' ? 4 : 2
  const indented = text.replace(/^(?=.)/gm, ' '.repeat(indent))
  return { text: before + indented + after, first: before.split('\n').length - 1, indent }
}

const imports = {
  attention: 'import attention from "blocks/attention"\n',
  tiny: 'import tiny from "backbones/tiny"\n',
}
const head = `
model birds(classes = 8, size = 96) {
  input image: Image[3, size, size]
  input label: Class[classes]

`
const loss = '  loss { master = cross_entropy(master.logits, label) }\n'
const predict = '  predict probabilities = softmax(master.logits)\n'

function branchFrame(text: string): readonly string[] {
  const logits = /^logits\b/m.test(text) ? '' : '    logits = image -> global_avg_pool -> linear(classes)\n'
  const used = Object.entries(imports).filter(([block]) => new RegExp(`\\b${block}\\(|-> ${block}\\b`).test(text))
  const imported = used.map(([, line]) => line).join('')
  return [`${imported}${head}  branch master(image) {\n`, `${logits}  }\n\n${loss}${predict}}\n`]
}

function modelFrame(text: string): readonly string[] {
  const master = `  branch master(image) {
    trunk     = tiny(image)
    features  = trunk.layer3
    attention = attention(features, maps = 8)
    embedding = bap(features, attention) -> signed_sqrt -> l2_normalize
    logits    = embedding -> scale(100) -> linear(classes)
  }

`
  const rest = `${/^loss\b/m.test(text) ? '' : loss}${/^predict\b/m.test(text) ? '' : predict}`
  return [imports.attention + imports.tiny + head + master, `\n${rest}}\n`]
}

function settingsOf(set: Example['set']): ModelSettings {
  const entries = Object.entries(set).map(([name, value]) => {
    const number = Number(value)
    return [name, Number.isNaN(number) ? value : number] as const
  })
  return Object.fromEntries(entries)
}

/** The standard files, and those of the example's section. */
function libraryOf({ files }: Example, text: string): Library {
  const disk = diskLibrary()
  return {
    ...disk,
    find(specifier, importer) {
      const name = specifier.replace(/^\.\//, '')
      if (specifier === './example') return { source: entry, text }
      const own = specifier.startsWith('./') ? files.get(name) : undefined
      return own === undefined ? disk.find(specifier, importer) : { source: `${name}.wsban`, text: own }
    },
  }
}

/** Every diagnostic has to be expected, and every expected one given, on its line. */
function diagnosticProblems(
  { context, text }: Example,
  found: readonly Diagnostic[],
  sources: readonly string[],
  textOf: (source: string) => string | undefined,
  whole: Whole,
): string[] {
  const expected = sources.flatMap((source) =>
    expectationsOf(textOf(source) ?? '').diagnostics.map((one) => ({ ...one, source, met: false })),
  )
  // A single statement leaves names unused.
  const quiet = context !== 'file' && !text.includes('[unused-binding]') ? ['unused-binding'] : []
  const surplus = found
    .filter(({ code }) => !quiet.includes(code))
    .flatMap((diagnostic) => {
      const { code, severity, message, primary } = diagnostic
      const own = primary.span.source === entry
      const content = own ? whole.text : (textOf(primary.span.source) ?? '')
      const line = position(content, primary.span.start).line - (own ? whole.first : 0)
      const marked = content.slice(primary.span.start, primary.span.end)
      const match = expected.find(
        (one) =>
          !one.met &&
          one.source === primary.span.source &&
          one.line === line &&
          one.code === code &&
          one.severity === severity &&
          message.includes(one.message) &&
          (one.marked === undefined || one.marked === marked),
      )
      if (!match) return [`line ${line}: not expected: ${severity}: [${code}] "${message}" at "${marked}"`]
      match.met = true
      return []
    })
  const missing = expected
    .filter(({ met }) => !met)
    .map(({ line, severity, code, message }) => `line ${line}: expected ${severity}: [${code}] "${message}"`)
  return [...surplus, ...missing]
}

/** The name that a line defines. */
const definition = /^\s*(?:branch\s+|input\s+|block\s+|repeat\s+\d+\s+)?([A-Za-z_]\w*|"[\w-]+")\s*(?:=|:|\()/

function valueProblem({ line, kind, text }: ValueExpectation, whole: Whole, facts: AnalysisFacts): string[] {
  const lines = whole.text.split('\n')
  const index = line - 1 + whole.first
  const content = lines[index] ?? ''
  const name = definition.exec(content)?.[1]
  if (name === undefined) return [`line ${line}: defines no name`]
  const start = lines.slice(0, index).join('\n').length + (index > 0 ? 1 : 0)
  const value = facts.nameAt(start + content.search(new RegExp(`(?<!\\w)${name}\\s*[=:(]`)))?.value
  if (!value) return [`line ${line}: \`${name}\` has no value`]
  const tensor = tensorOf(value)
  const sizes = tensor?.type.shape.flatMap(({ size }) => (size === undefined ? [] : [size]))
  const found = kind === 'value' ? describe(value) : sizes ? `[${sizes.join(', ')}]` : describe(value)
  return found === text ? [] : [`line ${line}: the ${kind} of \`${name}\` is ${found}, not ${text}`]
}

function outputProblems(output: Output, whole: Whole, graph: Graph | undefined, library: Library): string[] {
  const { kind, text } = output
  if (kind === 'formatted') {
    const found = format(entry, whole.text).text
    return found === text ? [] : [`formatted as\n${found}`]
  }
  if (!graph) return [`${kind}: the example does not compile to a model`]
  if (kind === 'weights') {
    const found = [...graph.parameters.values()].map(({ name, shape }) => `${name} [${shape.join(', ')}]`)
    const wanted = linesOf(text)
    const own = found.filter((line) => wanted.includes(line) || !text.includes('...'))
    return own.join('\n') === wanted.join('\n') ? [] : [`the weights are\n${found.join('\n')}`]
  }
  const written =
    kind === 'nodes' ? nodesOf(graph) : kind === 'expanded' ? expand(entry, whole.text, library) : codeOf(output, graph)
  const lines = new Set(linesOf(written))
  const missing = linesOf(text).filter((line) => !lines.has(line))
  return missing.length === 0 ? [] : [`${kind}: not in the output: ${missing.join(' | ')}\n${written}`]
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== '...')
}

/** The operations of the graph that is exported, by their nodes' names. */
function nodesOf(graph: Graph): string {
  const inference = specialise(graph, 'inference')
  const weights = ({ shape }: { readonly shape: readonly number[] }) =>
    new Float32Array(shape.reduce((a, b) => a * b, 1))
  const { nodes } = emitOnnx(inference, { input: 'image', opset: 18, weights })
  return nodes.map(({ operator, name }) => `${operator} ${name}`).join('\n')
}

function codeOf({ language }: Output, graph: Graph): string {
  const options = { source: entry, version: '0', spec: {} }
  const files = language === 'python' ? emitPytorch(graph, options) : emitTfjs(graph, options)
  return files
    .filter(({ path }) => /\.(?:ts|py)$/.test(path))
    .map((file) => file.text)
    .join('\n')
}
