import { childrenOf, statementsWithin } from '../../grammar/children.js'
import type { Binding, Branch, Expression, Model } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import type { Examined } from './examined.js'

/** What a branch gives without being asked: an output of the exported file. */
const output = 'logits'

/** Bindings and branches that nothing names. Blocks are not meant: each binding of theirs may be a tap of others. */
export function unusedBindings({ model }: Examined): Diagnostic[] {
  const taps = new Set(usesOf(model).flatMap(({ text, tap }) => (tap ? [text] : [])))
  const branches = model.items.filter((item) => item.kind === 'branch')
  const unused = [...unnamedItems(model), ...branches.flatMap((branch) => unusedWithin(branch, taps))]
  return unused.map(({ name }) => diagnose('unused-binding', { name: name.text }, name.span))
}

/** The model's own bindings and branches that nothing names. */
export function unnamedItems(model: Model): readonly (Binding | Branch)[] {
  const uses = usesOf(model)
  return model.items.filter((item) => !namedBelow(item, uses))
}

function unusedWithin({ statements }: Branch, taps: ReadonlySet<string>): Binding[] {
  const uses = statements.flatMap(({ value }) => usesIn(value))
  return [...statementsWithin(statements)].flatMap((statement) => {
    if (statement.kind !== 'binding' || statement.name.text === output || taps.has(statement.name.text)) return []
    return namedBelow(statement, uses) ? [] : [statement]
  })
}

interface Use {
  readonly text: string
  readonly start: number
  /** Whether it stands after a dot: inside of a branch or block. */
  readonly tap: boolean
}

/** A name above its binding, or in it, is another thing of that name: an operation, a block. */
function namedBelow({ name, span }: Binding | Branch, uses: readonly Use[]): boolean {
  return uses.some(({ text, start, tap }) => text === name.text && !tap && start >= span.end)
}

function usesOf(model: Model): Use[] {
  return [...bodyUses(model), ...ending(model)]
}

function bodyUses({ items }: Model): Use[] {
  return items.flatMap((item) => {
    if (item.kind === 'binding') return usesIn(item.value)
    const parameters = item.parameters.map(({ name }) => ({ text: name.text, start: name.span.start, tap: false }))
    const called = item.call ? usesIn(item.call) : []
    return [...parameters, ...called, ...item.statements.flatMap(({ value }) => usesIn(value))]
  })
}

/** Losses, predictions and training come after everything else, wherever they stand. */
function ending({ losses, predictions, training }: Model): Use[] {
  return [...losses, ...predictions, ...training].flatMap(({ value }) =>
    usesIn(value).map((use) => ({ ...use, start: Number.POSITIVE_INFINITY })),
  )
}

function usesIn(expression: Expression): Use[] {
  const own =
    expression.kind === 'name'
      ? [{ text: expression.text, start: expression.span.start, tap: false }]
      : expression.kind === 'member'
        ? [{ text: expression.member.text, start: expression.member.span.start, tap: true }]
        : []
  return [...own, ...childrenOf(expression).flatMap(usesIn)]
}
