import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  type Completion as Offered,
  snippet,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { bracketMatching, indentUnit } from '@codemirror/language'
import { type Diagnostic, linter, lintGutter, lintKeymap } from '@codemirror/lint'
import { searchKeymap } from '@codemirror/search'
import { EditorState, type Extension, Prec, RangeSetBuilder, StateField } from '@codemirror/state'
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  hoverTooltip,
  keymap,
  lineNumbers,
  WidgetType,
} from '@codemirror/view'
import { hintsOf, semanticTokensOf } from '../language/annotations.js'
import { type Completion, completionsAt } from '../language/completion.js'
import { hoverAt } from '../language/hover.js'
import type { Analysis, Workspace } from '../language/workspace.js'
import { source } from './library.js'
import { markdown } from './markdown.js'

/** Receives the events of the editor. */
export interface EditorListener {
  changed(analysis: Analysis): void
  /** @param offset the offset of the cursor */
  moved(offset: number): void
}

/** Opens an editor of one text, with the analysis of the language server. */
export function openEditor(
  workspace: Workspace,
  parent: HTMLElement,
  text: string,
  listener: EditorListener,
): EditorView {
  const analysisOf = (state: EditorState) => workspace.analysis(source, state.doc.toString())
  const extensions: Extension[] = [
    lineNumbers(),
    history(),
    drawSelection(),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    indentUnit.of('  '),
    EditorState.languageData.of(() => [
      { commentTokens: { line: '//' }, closeBrackets: { brackets: ['(', '[', '{', '"'] } },
    ]),
    decorated((state) => decorations(analysisOf(state))),
    lintGutter(),
    linter((view) => problems(analysisOf(view.state)), { delay: 150 }),
    autocompletion({ override: [(context) => offers(workspace, context)], icons: true }),
    hoverTooltip((view, offset) => {
      const hover = hoverAt(workspace, analysisOf(view.state), offset)
      if (!hover) return null
      return { pos: hover.range.start, end: hover.range.end, create: () => ({ dom: markdown(hover.text) }) }
    }),
    keymap.of([
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...lintKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...defaultKeymap,
      indentWithTab,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) listener.changed(analysisOf(update.state))
      if (update.selectionSet || update.docChanged) listener.moved(update.state.selection.main.head)
    }),
    EditorView.contentAttributes.of({
      tabindex: '0',
      'aria-label': 'the model; Escape, then Tab leaves it',
      spellcheck: 'false',
    }),
    Prec.lowest(EditorView.lineWrapping),
  ]
  return new EditorView({ parent, state: EditorState.create({ doc: text, extensions }) })
}

function decorated(make: (state: EditorState) => DecorationSet): Extension {
  return StateField.define<DecorationSet>({
    create: make,
    update: (before, { docChanged, state }) => (docChanged ? make(state) : before),
    provide: (field) => EditorView.decorations.from(field),
  })
}

class Shape extends WidgetType {
  constructor(private readonly text: string) {
    super()
  }

  override eq(other: Shape): boolean {
    return other.text === this.text
  }

  toDOM(): HTMLElement {
    const hint = document.createElement('span')
    hint.className = 'shape'
    hint.textContent = this.text
    return hint
  }
}

/** Semantic highlighting, and shapes at the ends of lines. */
function decorations(analysis: Analysis): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  const marks = semanticTokensOf(analysis).map(({ start, end, kind }) => ({ start, end, mark: markOf(kind) }))
  const hints = hintsOf(analysis, { start: 0, end: analysis.text.length }).map(({ offset, text }) => ({
    start: offset,
    end: offset,
    mark: Decoration.widget({ widget: new Shape(text), side: 1 }),
  }))
  for (const { start, end, mark } of [...marks, ...hints].sort((a, b) => a.start - b.start || a.end - b.end))
    builder.add(start, end, mark)
  return builder.finish()
}

function markOf(kind: string): Decoration {
  return Decoration.mark({ class: `tok-${kind}` })
}

function problems(analysis: Analysis): Diagnostic[] {
  return analysis.diagnostics.map(({ severity, message, help, primary, fix }) => {
    const own = primary.span.source === source
    const { start, end } = own ? primary.span : (analysis.file.imports[0]?.fromSpan ?? { start: 0, end: 0 })
    return {
      from: start,
      to: end,
      severity,
      message: help === undefined ? message : `${message}\n${help}`,
      ...(fix && own && { actions: [{ name: fix.title, apply: (view: EditorView) => mend(view, fix.edits) }] }),
    }
  })
}

function mend(view: EditorView, edits: readonly { span: { start: number; end: number }; text: string }[]): void {
  view.dispatch({ changes: edits.map(({ span, text }) => ({ from: span.start, to: span.end, insert: text })) })
}

const completionTypes: Readonly<Partial<Record<Completion['kind'], string>>> = {
  operation: 'function',
  setting: 'function',
  block: 'class',
  argument: 'property',
  word: 'enum',
  keyword: 'keyword',
  file: 'text',
}

function offers(workspace: Workspace, context: CompletionContext): CompletionResult | null {
  const text = context.state.doc.toString()
  const before = text.slice(0, context.pos)
  if (!context.explicit && !/(?:[\w.(=,>"]|-> |= |, )$/.test(before)) return null
  const { replace, items } = completionsAt(workspace, source, text, context.pos)
  if (items.length === 0) return null
  return {
    from: replace.start,
    options: items.map((item, index) => offer(item, index, text[context.pos] === '(')),
    validFor: /^\w*$/,
  }
}

function offer(item: Completion, index: number, bracketFollows: boolean): Offered {
  const { label, detail, documentation, insert, call } = item
  return {
    label,
    type: completionTypes[item.kind] ?? 'variable',
    boost: -item.rank - index / 1000,
    ...(detail !== undefined && { detail: detail.length > 44 ? `${detail.slice(0, 43)}…` : detail }),
    ...(documentation !== undefined && { info: () => markdown(documentation) }),
    apply: call && !bracketFollows ? snippet(`${label}(\${})`) : (insert ?? label),
  }
}
