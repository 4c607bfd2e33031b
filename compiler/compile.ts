import type { Model } from '../grammar/tree.js'
import { checkBlocks } from './analysis/blocks.js'
import type { Defaults } from './analysis/defaults.js'
import { Elaborator } from './analysis/elaborator.js'
import { elaborateModel, type ModelSettings } from './analysis/model.js'
import { type Library, type Module, ModuleLoader, syntaxDiagnostic } from './analysis/modules.js'
import { override } from './analysis/overrides.js'
import { type Diagnostic, hasErrors } from './diagnostics/diagnostic.js'
import { diagnose } from './diagnostics/report.js'
import type { Graph } from './graph/graph.js'
import { rootsOf, withUsedLogits } from './graph/phase.js'
import { prune } from './graph/prune.js'
import { untrained } from './graph/untrained.js'

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
  /** What diagnostics point into: the files, and the settings that were given beside them. */
  readonly texts: ReadonlyMap<string, string>
}

/** What is said of a spec outside of its text. */
export interface CompileOptions {
  /** Lines in place of the train block's own: `accumulate=4`, `optimizer.rate=0.01`. */
  readonly train?: readonly string[]
  /** The defaults that the spec was first read with; those of this version without. */
  readonly defaults?: Defaults
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
  const loader = new ModuleLoader(library)
  const module = loader.load(entry.source, entry.text)
  const [model, second] = module.file.models
  if (second)
    loader.diagnostics.push(diagnose('several-models', { count: module.file.models.length }, second.name.span))
  const changed = model && override(model, options.train ?? [])
  loader.diagnostics.push(...(changed?.problems ?? []).map(syntaxDiagnostic))
  const built = changed
    ? buildModel(module, changed.model, library, settings, options.defaults)
    : { graph: undefined, diagnostics: blocksOnly(module, loader.diagnostics) }
  const diagnostics = [...loader.diagnostics, ...built.diagnostics].sort(byPlace)
  const files = loader.texts()
  const texts = new Map([...files, ...(changed?.texts ?? [])])
  return { graph: hasErrors(diagnostics) ? undefined : built.graph, diagnostics, files, texts }
}

function buildModel(module: Module, model: Model, library: Library, settings: ModelSettings, defaults?: Defaults) {
  const elaborator = new Elaborator((block) => library.exporting?.(block), defaults)
  const graph = elaborateModel(elaborator, module, model, settings)
  if (!graph) return { graph, diagnostics: elaborator.diagnostics }
  const answering = withUsedLogits(graph)
  const pruned = prune(answering, rootsOf(answering))
  const [first, ...rest] = untrained(pruned)
  if (first) {
    const names = [first, ...rest].map(({ name }) => name)
    elaborator.report(diagnose('no-gradient', { names }, first.span))
  }
  return { graph: pruned, diagnostics: elaborator.diagnostics }
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
