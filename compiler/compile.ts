import { stackExhausted } from '../grammar/parse.js'
import { withinStack } from '../grammar/stack.js'
import type { Model } from '../grammar/tree.js'
import type { AnalysisFacts } from './analysis/analysis_facts.js'
import { answerProblems } from './analysis/answer_problems.js'
import { checkBlocks } from './analysis/blocks.js'
import type { Defaults } from './analysis/defaults.js'
import { Elaborator, type ElaboratorOptions } from './analysis/elaborator.js'
import type { ExpansionCache } from './analysis/expansion_cache.js'
import { elaborateModel, type ModelSettings } from './analysis/model.js'
import { type Library, type Module, type ModuleCache, ModuleLoader, syntaxDiagnostic } from './analysis/modules.js'
import { averageOfUnused } from './analysis/moving_average.js'
import { override } from './analysis/overrides.js'
import { Scope } from './analysis/scope.js'
import type { Value } from './analysis/values.js'
import { type Diagnostic, hasErrors } from './diagnostics/diagnostic.js'
import { diagnose } from './diagnostics/report.js'
import type { Graph } from './graph/graph.js'
import { rootsOf, withUsedLogits } from './graph/phase.js'
import { prune, reachable } from './graph/prune.js'
import { withoutSkippedAnswers } from './graph/skipping.js'
import { withoutAllowed } from './warnings/allow.js'
import { warningsOf } from './warnings/index.js'
import { unusedDefinitions } from './warnings/unused_definition.js'

export interface Source {
  /** Path or name, as messages show it. */
  readonly source: string
  readonly text: string
}

export interface Compiled {
  /** Undefined when there are errors, or when the file holds only blocks. */
  readonly graph: Graph | undefined
  readonly diagnostics: readonly Diagnostic[]
  /** Every file that was read, by its source: the spec's text with all it imports. */
  readonly files: ReadonlyMap<string, string>
  /** The texts that diagnostics refer to: the files, and settings from the command line. */
  readonly texts: ReadonlyMap<string, string>
}

/** Options that complete a spec. */
export interface CompileOptions {
  /** Lines in place of the train block's own: `accumulate=4`, `optimizer.rate=0.01`. */
  readonly train?: readonly string[]
  /** The defaults that the spec was first read with; those of this version without. */
  readonly defaults?: Defaults
}

/** Options of editors: caches from earlier analyses, and a recorder of facts. */
export interface AnalysisOptions extends CompileOptions {
  /** Imported files of earlier analyses. */
  readonly modules?: ModuleCache
  /** Blocks expanded in earlier analyses. */
  readonly cache?: ExpansionCache
  readonly facts?: AnalysisFacts
}

export interface Analysed extends Omit<Compiled, 'graph'> {
  readonly module: Module
  /** Everything that the text says, what nothing needs as well. Undefined when there are errors, or no model. */
  readonly whole: Graph | undefined
}

/**
 * From text to graph: reads the file and its imports, resolves names, infers shapes, names parameters, and leaves out what
 * nothing needs. Never throws on what a user wrote.
 */
export function compile(
  entry: Source,
  library: Library,
  settings: ModelSettings = {},
  options: CompileOptions = {},
): Compiled {
  const { whole, diagnostics, files, texts } = analyse(entry, library, settings, options)
  return { graph: whole && neededOf(whole), diagnostics, files, texts }
}

/** The graph without what nothing needs. */
export function neededOf(whole: Graph): Graph {
  return prune(whole, rootsOf(whole))
}

/** As `compile`, and stops before what is not needed is left out. */
export function analyse(
  entry: Source,
  library: Library,
  settings: ModelSettings = {},
  options: AnalysisOptions = {},
): Analysed {
  return withinStack(
    () => analyseWithin(entry, library, settings, options),
    () => stackExhaustedBy(entry),
  )
}

/** The result for a file whose expressions, blocks or imports are nested deeper than the stack allows. */
function stackExhaustedBy({ source, text }: Source): Analysed {
  const file = { source, text, imports: [], blocks: [], models: [], comments: [] }
  const texts = new Map([[source, text]])
  const diagnostics = [syntaxDiagnostic(stackExhausted(source, text))]
  return { module: { file, scope: new Scope<Value>() }, whole: undefined, diagnostics, files: texts, texts }
}

function analyseWithin(entry: Source, library: Library, settings: ModelSettings, options: AnalysisOptions): Analysed {
  const loader = new ModuleLoader(library, options.modules)
  const module = loader.load(entry.source, entry.text)
  const [model, second] = module.file.models
  if (second)
    loader.diagnostics.push(diagnose('several-models', { count: module.file.models.length }, second.name.span))
  const changed = model && override(model, options.train ?? [])
  loader.diagnostics.push(...(changed?.problems ?? []).map(syntaxDiagnostic))
  const backbone = (name: string) => loader.backbone(name, entry.source)
  const built = changed
    ? buildModel(module, changed.model, library, settings, { ...options, backbone }, hasErrors(loader.diagnostics))
    : { graph: undefined, diagnostics: blocksOnly(module, loader.diagnostics) }
  const found = [...loader.diagnostics, ...built.diagnostics]
  if (!hasErrors(found))
    found.push(...unusedDefinitions(module.file, (specifier, importer) => loader.imported(specifier, importer)))
  const complete = built.graph !== undefined && !hasErrors(found)
  const diagnostics = withoutAllowed(found, module.file, complete).sort(byPlace)
  const files = loader.texts()
  const texts = new Map([...files, ...(changed?.texts ?? [])])
  return { module, whole: hasErrors(diagnostics) ? undefined : built.graph, diagnostics, files, texts }
}

function buildModel(
  module: Module,
  model: Model,
  library: Library,
  settings: ModelSettings,
  { defaults, cache, facts, backbone }: AnalysisOptions & Pick<ElaboratorOptions, 'backbone'>,
  broken: boolean,
) {
  const exporting = (block: string) => library.exporting?.(block)
  cache?.begin(module.scope)
  const elaborator = new Elaborator({ exporting, defaults, cache, facts, ...(backbone && { backbone }) })
  const elaborated = elaborateModel(elaborator, module, model, settings)
  if (!elaborated) return { graph: undefined, diagnostics: elaborator.diagnostics }
  const graph = withoutSkippedAnswers(withUsedLogits(elaborated))
  for (const problem of [...answerProblems(model, graph), ...averageOfUnused(graph)]) elaborator.report(problem)
  if (!broken) {
    const normalizationOf = (weights: string) => library.normalizationOf?.(weights)
    const live = reachable(graph.nodes, rootsOf(graph))
    const needed = graph.nodes.filter(({ id }) => live.has(id))
    for (const warning of warningsOf({ model, graph, needed, normalizationOf })) elaborator.report(warning)
  }
  return { graph, diagnostics: elaborator.diagnostics }
}

function blocksOnly(module: Module, earlier: readonly Diagnostic[]): readonly Diagnostic[] {
  const { file } = module
  if (file.blocks.length > 0) return checkBlocks(module)
  const span = { source: file.source, start: 0, end: 0 }
  return hasErrors(earlier) ? [] : [diagnose('no-model', { source: file.source }, span)]
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.primary.span.source !== b.primary.span.source) return a.primary.span.source < b.primary.span.source ? -1 : 1
  return a.primary.span.start - b.primary.span.start
}
