import { relative } from 'node:path'
import { type Location, LSPErrorCodes, ResponseError } from 'vscode-languageserver/node.js'
import type { Definition } from '../../compiler/analysis/resolved_name.js'
import { isPlainName, isQuotableName, writtenName } from '../../grammar/names.js'
import { standardFolder } from '../../runtime/specs/library.js'
import { occurrenceAt, placesOf } from '../language/lookup.js'
import type { Analysis, Workspace } from '../language/workspace.js'
import { type EditorFiles, specsBelow } from './files.js'
import type { Places } from './places.js'
import type { FileEdits } from './workspace_edit.js'

/** Handles requests about a name in all files of the workspace. */
export class Names {
  constructor(
    private readonly workspace: Workspace,
    private readonly files: EditorFiles,
    private readonly places: Places,
    private readonly folders: () => readonly string[],
  ) {}

  definition({ names, texts }: Analysis, offset: number): Location | undefined {
    const definition = occurrenceAt(names, offset)?.definition.span
    const text = definition && texts.get(definition.source)
    return definition && text !== undefined ? this.places.location(definition, text) : undefined
  }

  async references(analysis: Analysis, offset: number, withDefinition: boolean): Promise<Location[]> {
    const definition = occurrenceAt(analysis.names, offset)?.definition
    if (!definition) return []
    const found = await this.everywhere(analysis, definition)
    return found.flatMap(({ analysis: other, occurrences }) =>
      occurrences
        .filter(({ defines }) => withDefinition || !defines)
        .map(({ span }) => this.places.location(span, other.text)),
    )
  }

  /** Returns the range that a new name would replace. @throws ResponseError if it cannot be renamed */
  renamable(analysis: Analysis, offset: number) {
    const occurrence = occurrenceAt(analysis.names, offset)
    if (!occurrence) throw refused('There is no name here.')
    const { span, name } = occurrence.definition
    if (!span) throw refused(`${name} belongs to the language.`)
    if (isStandard(span.source) && !this.files.isOpen(span.source))
      throw refused(`${name} is defined in a file that comes with wsban.`)
    return { range: this.places.range(analysis.text, occurrence.span), placeholder: name }
  }

  /** @throws ResponseError if it cannot be renamed, the new name is invalid, or the text has changed in the meantime */
  async rename(analysis: Analysis, offset: number, to: string): Promise<FileEdits[]> {
    this.renamable(analysis, offset)
    const definition = occurrenceAt(analysis.names, offset)?.definition
    if (!isPlainName(to) && !(definition?.binding && isQuotableName(to)))
      throw refused('A name is letters, digits and underscores, begins with no digit, and is no word of the language.')
    const found = definition ? await this.everywhere(analysis, definition) : []
    if (this.files.read(analysis.source) !== analysis.text)
      throw new ResponseError(
        LSPErrorCodes.ContentModified,
        'The text changed while the name was looked for; try again.',
      )
    return found.map(({ analysis: other, occurrences }) => ({
      source: other.source,
      edits: occurrences.map(({ span }) => ({ range: this.places.range(other.text, span), newText: writtenName(to) })),
    }))
  }

  private async everywhere(analysis: Analysis, definition: Definition) {
    const local = definition.span === undefined || !(definition.block || definition.parameter || definition.binding)
    const others = local ? [] : await specsBelow(this.folders())
    const definer = definition.span ? [definition.span.source] : []
    const sources = new Set([analysis.source, ...definer, ...others])
    return [...sources].flatMap((source) => {
      const text = source === analysis.source ? analysis.text : this.files.read(source)
      if (text === undefined) return []
      const other = source === analysis.source ? analysis : this.workspace.analysis(source, text)
      const occurrences = placesOf(other.names, definition)
      return occurrences.length > 0 ? [{ analysis: other, occurrences }] : []
    })
  }
}

/** Returns an error whose message the editor shows. */
function refused(message: string): ResponseError<void> {
  return new ResponseError(-32803, message)
}

function isStandard(source: string): boolean {
  return !relative(standardFolder(), source).startsWith('..')
}
