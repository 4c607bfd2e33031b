import { AnalysisFacts } from '../../compiler/analysis/analysis_facts.js'
import { ExpansionCache } from '../../compiler/analysis/expansion_cache.js'
import type { Library, ModuleCache } from '../../compiler/analysis/modules.js'
import { type FileNames, NameResolver } from '../../compiler/analysis/name_resolver.js'
import { type Analysed, analyse } from '../../compiler/compile.js'
import { parse } from '../../grammar/parse.js'
import type { SourceFile } from '../../grammar/tree.js'

/** The analysis of one text. */
export interface Analysis extends Analysed {
  readonly source: string
  readonly text: string
  readonly file: SourceFile
  readonly facts: AnalysisFacts
  /** The last model without errors; that of this text if it has none. */
  readonly latestWhole: Analysed['whole']
  /** The definitions of all its names; computed on first use. */
  readonly names: FileNames
}

/** The open texts, each analysed once per version; unchanged parts are reused from the version before. */
export class Workspace {
  private readonly modules: ModuleCache = new Map()
  private readonly cache = new ExpansionCache()
  private readonly latest = new Map<string, { analysis: Analysis; revision: number }>()
  private revision = 0

  constructor(private readonly library: Library) {}

  /** Notes that a text that others import may have changed. */
  changed(): void {
    this.revision++
  }

  forget(source: string): void {
    this.latest.delete(source)
  }

  analysis(source: string, text: string): Analysis {
    const known = this.latest.get(source)
    if (known && known.analysis.text === text && known.revision === this.revision) return known.analysis
    const analysis = this.analyse(source, text, known?.analysis.latestWhole)
    this.latest.set(source, { analysis, revision: this.revision })
    return analysis
  }

  /** Analyses a text without keeping it, such as one with a placeholder at the cursor. */
  analyse(source: string, text: string, earlierWhole?: Analysed['whole']): Analysis {
    const facts = new AnalysisFacts(source)
    const analysed = analyse({ source, text }, this.library, {}, { facts, cache: this.cache, modules: this.modules })
    const { file } = analysed.module
    let names: FileNames | undefined
    const namesOf = () => new NameResolver((specifier, importer) => this.imported(specifier, importer)).read(file)
    return {
      ...analysed,
      source,
      text,
      file,
      facts,
      latestWhole: analysed.whole ?? earlierWhole,
      get names() {
        names ??= namesOf()
        return names
      },
    }
  }

  imported(specifier: string, importer: string): SourceFile | undefined {
    const found = this.library.find(specifier, importer)
    return found && this.read(found.source, found.text)
  }

  /** Returns the syntax tree of a text that is not open. */
  read(source: string, text: string): SourceFile {
    const kept = this.modules.get(source)?.module.file
    return kept?.text === text ? kept : parse(source, text).file
  }

  /** The standard files that can be imported. */
  get standard(): readonly string[] {
    return this.library.standard
  }
}
