import { deepestNesting } from '../../grammar/nesting.js'
import { parse, type SyntaxProblem } from '../../grammar/parse.js'
import type { Import, SourceFile } from '../../grammar/tree.js'
import { architectureOf, publishedFolder } from '../backbones/published.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { nearest } from '../diagnostics/suggest.js'
import { operations } from '../ops/index.js'
import type { Normalization } from '../training/normalization.js'
import { functions } from './functions/index.js'
import { Scope } from './scope.js'
import type { DefinitionValue, Value } from './values.js'

/** The source of imported files, such as a folder or a browser's memory. */
export interface Library {
  /** Resolves an import relative to the file that imports it. */
  find(specifier: string, importer: string): { readonly source: string; readonly text: string } | undefined
  /** Standard names that can be imported: backbones/inception_v3. */
  readonly standard: readonly string[]
  /** Returns the standard file that defines a block. */
  exporting?(block: string): string | undefined
  /** Returns the normalisation with which published weights were trained, if known. */
  normalizationOf?(weights: string): Normalization | undefined
}

export interface Module {
  readonly file: SourceFile
  /** Operations, imported blocks, and the file's own. */
  readonly scope: Scope<Value>
}

/** A module without errors that was read before, which is reused while its text and all its imports are unchanged. */
interface KeptModule {
  readonly module: Module
  readonly imports: readonly { readonly specifier: string; readonly module: Module }[]
}

/** Imported modules of earlier compilations, by source. */
export type ModuleCache = Map<string, KeptModule>

/** The scope around every file: the operations and the functions of the compiler. */
const operationScope = new Scope<Value>()
for (const operation of operations.values()) operationScope.define(operation.name, { kind: 'operation', operation })
for (const [name, { makesWeights = false }] of functions)
  operationScope.define(name, { kind: 'function', name, makesWeights })
operationScope.define('backbone', { kind: 'backbone' })
operationScope.define('training', { kind: 'phase' })

/** Reads files and what they import, each once; collects the problems of their text and their imports. */
export class ModuleLoader {
  readonly diagnostics: Diagnostic[] = []
  private readonly modules = new Map<string, Module>()
  /** The imports of each file, by its source. */
  private readonly imports = new Map<string, KeptModule['imports']>()
  /** Files of published backbones that were looked up, by specifier. */
  private readonly published = new Map<string, Module>()
  private readonly loading: string[] = []

  constructor(
    private readonly library: Library,
    private readonly cache?: ModuleCache,
  ) {}

  /** Texts of all files read, for showing diagnostics. */
  texts(): ReadonlyMap<string, string> {
    return new Map([...this.modules.values()].map(({ file }) => [file.source, file.text]))
  }

  /** Returns the block of a published name, seen from a file, as if the file imported it. */
  backbone(name: string, importer: string): DefinitionValue | undefined {
    const found = this.library.find(`${publishedFolder}${name}`, importer)
    if (!found) return undefined
    this.loading.push(importer)
    const module = this.load(found.source, found.text)
    this.loading.pop()
    this.published.set(`${publishedFolder}${name}`, module)
    const { file, scope } = module
    const definition = file.blocks.find((block) => block.name.text === architectureOf(name))
    return definition && { kind: 'definition', definition, scope }
  }

  /** Returns a file that was read for an import or for the name of a published backbone. */
  imported(specifier: string, importer: string): SourceFile | undefined {
    const imported = this.imports.get(importer)?.find((item) => item.specifier === specifier)?.module
    return (imported ?? this.published.get(specifier))?.file
  }

  load(source: string, text: string): Module {
    const known = this.modules.get(source)
    if (known) return known
    const kept = this.kept(source, text)
    if (kept) return kept
    const said = this.diagnostics.length
    const parsed = parse(source, text)
    this.diagnostics.push(...parsed.problems.map(syntaxDiagnostic))
    const module: Module = { file: parsed.file, scope: new Scope<Value>(operationScope) }
    this.modules.set(source, module)
    this.loading.push(source)
    const imports = parsed.file.imports.flatMap((item) => this.importNames(item, module) ?? [])
    this.imports.set(source, imports)
    for (const block of parsed.file.blocks) {
      const fresh = module.scope.define(block.name.text, { kind: 'definition', definition: block, scope: module.scope })
      if (!fresh) this.diagnostics.push(diagnose('duplicate-name', { name: block.name.text }, block.name.span))
    }
    this.loading.pop()
    if (this.loading.length > 0 && this.diagnostics.length === said) this.cache?.set(source, { module, imports })
    return module
  }

  private kept(source: string, text: string): Module | undefined {
    const kept = this.cache?.get(source)
    if (!kept || this.loading.length === 0 || kept.module.file.text !== text) return undefined
    this.modules.set(source, kept.module)
    this.loading.push(source)
    const same = kept.imports.every(({ specifier, module }) => {
      const found = this.library.find(specifier, source)
      return found && this.load(found.source, found.text) === module
    })
    this.loading.pop()
    if (same) {
      this.imports.set(source, kept.imports)
      return kept.module
    }
    this.modules.delete(source)
    return undefined
  }

  private importNames(item: Import, into: Module): KeptModule['imports'][number] | undefined {
    // The parser has reported an import with a syntax error.
    if (item.from === '' || item.names.length === 0) return undefined
    const found = this.library.find(item.from, into.file.source)
    if (!found) {
      const tried = item.from.startsWith('.')
        ? [`${item.from}.wsban beside ${into.file.source}`]
        : [`models/${item.from}.wsban`]
      const suggestion = nearest(item.from, this.library.standard)
      this.diagnostics.push(diagnose('import-not-found', { path: item.from, tried, suggestion }, item.fromSpan))
      this.defineBroken(item, into)
      return undefined
    }
    const start = this.loading.indexOf(found.source)
    if (start >= 0) {
      const cycle = [...this.loading.slice(start), found.source]
      this.diagnostics.push(diagnose('import-cycle', { cycle }, item.fromSpan))
      this.defineBroken(item, into)
      return undefined
    }
    const module = this.load(found.source, found.text)
    const { file, scope } = module
    for (const name of item.names) {
      const block = file.blocks.find((candidate) => candidate.name.text === name.text)
      if (!block) {
        const known = file.blocks.map((candidate) => candidate.name.text)
        const values = { name: name.text, path: item.from, known, suggestion: nearest(name.text, known) }
        this.diagnostics.push(diagnose('not-exported', values, name.span))
      }
      const value = block ? ({ kind: 'definition', definition: block, scope } as const) : ({ kind: 'error' } as const)
      if (!into.scope.define(name.text, value))
        this.diagnostics.push(diagnose('duplicate-name', { name: name.text }, name.span))
    }
    return { specifier: item.from, module }
  }

  /** So that what uses the name is not reported as well. */
  private defineBroken(item: Import, into: Module): void {
    for (const name of item.names) into.scope.define(name.text, { kind: 'error' })
  }
}

export function syntaxDiagnostic(problem: SyntaxProblem): Diagnostic {
  const { found, before, expected, instead } = problem
  const write = instead?.write
  const fix = instead?.edit && { title: `Write ${write}`, edits: [instead.edit] }
  if (problem.kind === 'unknown-character')
    return diagnose('unknown-character', { found, write }, problem.span, { fix })
  if (problem.kind === 'misnamed') return diagnose('not-a-name', { found }, problem.span)
  if (problem.kind === 'too-deep') return diagnose('too-deep', { deepest: deepestNesting }, problem.span)
  if (problem.kind === 'stack-exhausted') return diagnose('too-deep', { deepest: undefined }, problem.span)
  const opened = problem.opened ? [{ span: problem.opened, text: 'opened here' }] : []
  return diagnose('unexpected-token', { expected, found, before, write }, problem.span, {
    note: expected === '' ? '' : `${expected} belongs here`,
    secondary: opened,
    fix,
  })
}
