import { present } from '../../grammar/present.js'
import type { Block, Import, Name, SourceFile, Span } from '../../grammar/tree.js'
import { type Importing, NameResolver } from '../analysis/name_resolver.js'
import type { Diagnostic, Fix } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'

/**
 * Imports that nothing in the file names, and in a file with a model the blocks that the model does not need. The blocks of a file
 * without a model are there to be imported.
 */
export function unusedDefinitions(file: SourceFile, importing: Importing): Diagnostic[] {
  const uses = new BlockUses(file, importing)
  return [...unusedImports(file, uses), ...unusedBlocks(file, uses)]
}

function unusedImports(file: SourceFile, uses: BlockUses): Diagnostic[] {
  return file.imports.flatMap((item) => {
    const unused = item.names.filter((name) => !uses.isUsed(name))
    return unused.map((name) => {
      const fix = unused.length === item.names.length ? withoutImport(item, file) : withoutName(name, item)
      return diagnose('unused-import', { name: name.text }, name.span, { fix })
    })
  })
}

function unusedBlocks({ blocks, models }: SourceFile, uses: BlockUses): Diagnostic[] {
  const [model] = models
  if (!model) return []
  const needed = new Set<Block>()
  const visit = (span: Span) => {
    for (const block of uses.within(span)) {
      if (needed.has(block)) continue
      needed.add(block)
      visit(block.span)
    }
  }
  visit(model.span)
  const unused = blocks.filter((block) => !needed.has(block))
  return unused.map(({ name }) => diagnose('unused-block', { name: name.text }, name.span))
}

/** The references to blocks in a file by their definition; names that refer to something else are excluded. */
class BlockUses {
  /** Outside of imports, by the place of the block's own name. */
  private readonly places = new Map<string, Span[]>()
  /** By the place of a name in an import: the block that it imports. */
  private readonly imported = new Map<number, Block>()

  constructor(
    private readonly file: SourceFile,
    importing: Importing,
  ) {
    const { occurrences } = new NameResolver(importing).read(file)
    for (const { span, definition, defines } of occurrences) {
      if (!definition.block || defines) continue
      if (file.imports.some((item) => contains(item.span, span))) this.imported.set(span.start, definition.block)
      else this.places.set(keyOf(definition.block), [...(this.places.get(keyOf(definition.block)) ?? []), span])
    }
  }

  /** Whether the block of an import is named. */
  isUsed({ text, span }: Name): boolean {
    return this.places.has(keyOf(present(this.imported.get(span.start), `the import of ${text}`)))
  }

  /** The blocks of this file that are named within a part of it. */
  within(part: Span): readonly Block[] {
    return this.file.blocks.filter((block) => this.places.get(keyOf(block))?.some((span) => contains(part, span)))
  }
}

function keyOf({ name: { span } }: Block): string {
  return `${span.start} ${span.source}`
}

function contains(outer: Span, inner: Span): boolean {
  return outer.start <= inner.start && inner.end <= outer.end
}

/** Removes the import, with the end of its line. */
function withoutImport({ span }: Import, { text }: SourceFile): Fix {
  const [rest = ''] = /^[ \t]*\r?\n?/.exec(text.slice(span.end)) ?? []
  const end = span.end + rest.length
  return { title: 'Remove the import', edits: [{ span: { ...span, end }, text: '' }] }
}

/** Removes a name from an import of several, with the comma beside it. */
function withoutName(name: Name, { names }: Import): Fix {
  const index = names.indexOf(name)
  const [before, after] = [names[index - 1], names[index + 1]]
  const { source } = name.span
  const span = after
    ? { source, start: name.span.start, end: after.span.start }
    : { source, start: before?.span.end ?? name.span.start, end: name.span.end }
  return { title: `Remove ${name.text} from the import`, edits: [{ span, text: '' }] }
}
