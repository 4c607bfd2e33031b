import { lexer } from '../../grammar/tokens.js'
import type { Binding, Branch, SourceFile, Statement } from '../../grammar/tree.js'
import type { Range } from './cursor.js'

export interface OutlineItem {
  readonly name: string
  readonly kind: 'block' | 'model' | 'input' | 'branch' | 'binding' | 'part'
  readonly range: Range
  /** Its name. */
  readonly selection: Range
  readonly children: readonly OutlineItem[]
}

/** Returns the document symbols: the file's blocks and model, with their definitions. */
export function outlineOf({ blocks, models }: SourceFile): OutlineItem[] {
  const ofBlocks = blocks.map((block): OutlineItem => {
    const children = bindingsOf(block.statements)
    return { name: block.name.text, kind: 'block', range: block.span, selection: block.name.span, children }
  })
  const ofModels = models.map((model): OutlineItem => {
    const inputs = model.inputs.map(({ name, span }): OutlineItem => leaf(name.text, 'input', span, name.span))
    const items = model.items.map((item) => (item.kind === 'binding' ? ofBinding(item) : ofBranch(item)))
    const losses: OutlineItem[] = model.lossSpan
      ? [
          {
            ...leaf('loss', 'part', model.lossSpan, { start: model.lossSpan.start, end: model.lossSpan.start + 4 }),
            children: model.losses.map(ofBinding),
          },
        ]
      : []
    const rest = [...model.predictions, ...model.training].map(ofBinding)
    const children = [...inputs, ...items, ...losses, ...rest]
    return { name: model.name.text, kind: 'model', range: model.span, selection: model.name.span, children }
  })
  return [...ofBlocks, ...ofModels].sort((a, b) => a.range.start - b.range.start)
}

function leaf(name: string, kind: OutlineItem['kind'], range: Range, selection: Range): OutlineItem {
  return { name, kind, range, selection, children: [] }
}

function ofBinding({ name, span }: Binding): OutlineItem {
  return leaf(name.text, 'binding', span, name.span)
}

function ofBranch({ name, span, statements }: Branch): OutlineItem {
  return { ...leaf(name.text, 'branch', span, name.span), children: bindingsOf(statements) }
}

function bindingsOf(statements: readonly Statement[]): OutlineItem[] {
  return statements.flatMap((statement) => (statement.kind === 'binding' ? [ofBinding(statement)] : []))
}

export interface Fold extends Range {
  readonly comment: boolean
}

/** Returns the folding ranges: blocks in braces, and comments of several lines. */
export function foldsOf(text: string): Fold[] {
  const { tokens, groups } = lexer.tokenize(text)
  const folds: Fold[] = []
  const open: number[] = []
  for (const { image, startOffset } of tokens) {
    if (image === '{') open.push(startOffset)
    const start = image === '}' ? open.pop() : undefined
    if (start !== undefined) folds.push({ start, end: startOffset, comment: false })
  }
  const comments = groups.comments ?? []
  let first = 0
  comments.forEach((comment, index) => {
    const next = comments[index + 1]
    const end = comment.startOffset + comment.image.length
    if (next && /^\r?\n[ \t]*$/.test(text.slice(end, next.startOffset))) return
    if (index > first) folds.push({ start: comments[first]?.startOffset ?? end, end, comment: true })
    first = index + 1
  })
  return folds
}
