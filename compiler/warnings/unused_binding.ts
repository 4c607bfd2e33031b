import { childrenOf, statementsWithin } from '../../grammar/children.js'
import { isPlainName } from '../../grammar/names.js'
import type { Binding, Branch, Expression, Model } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import type { Examined } from './examined.js'

/** A binding of this name is an output of the exported file, whether it is used or not. */
const output = 'logits'

/** Reports unused bindings and branches of a model. Bindings of blocks are not reported, since each may be used as a tap. */
export function unusedBindings({ model }: Examined): Diagnostic[] {
  const { uses, bodies } = usesOf(model)
  const unused = [...unnamed(model, uses), ...bodies.flatMap(unusedWithin)]
  return unused.map(({ name }) => diagnose('unused-binding', { name: name.text }, name.span))
}

/** The model's own bindings and branches without a reference. */
export function unnamedItems(model: Model): readonly (Binding | Branch)[] {
  return unnamed(model, usesOf(model).uses)
}

function unnamed(model: Model, uses: Uses): readonly (Binding | Branch)[] {
  return model.items.filter((item) => !uses.below(item))
}

interface Body {
  readonly branch: Branch
  readonly uses: Uses
}

function unusedWithin({ branch, uses }: Body): Binding[] {
  return [...statementsWithin(branch.statements)].flatMap((statement) => {
    if (statement.kind !== 'binding' || statement.name.text === output || uses.taps.has(statement.name.text)) return []
    return uses.below(statement) ? [] : [statement]
  })
}

/** The references of a model by position, and the members of its branches and blocks that they reach. */
class Uses {
  private readonly last = new Map<string, number>()

  constructor(readonly taps = new Set<string>()) {}

  /** Records the references of an expression, at the position `at` if given. */
  add(expression: Expression, at?: number): void {
    if (expression.kind === 'name') this.note(expression.text, at ?? expression.span.start)
    else if (expression.kind === 'string' && !isPlainName(expression.value))
      this.note(expression.value, at ?? expression.span.start)
    else if (expression.kind === 'member') this.taps.add(expression.member.text)
    for (const child of childrenOf(expression)) this.add(child, at)
  }

  note(name: string, start: number): void {
    this.last.set(name, Math.max(start, this.last.get(name) ?? 0))
  }

  include({ last }: Uses): void {
    for (const [name, start] of last) this.note(name, start)
  }

  /** Whether it is referenced below. Above its binding, or in it, the name refers to something else: an operation or a block. */
  below({ name, span }: Binding | Branch): boolean {
    const last = this.last.get(name.text)
    return last !== undefined && last >= span.end
  }
}

function usesOf({ items, losses, predictions, training }: Model): { uses: Uses; bodies: Body[] } {
  const uses = new Uses()
  const bodies: Body[] = []
  for (const item of items) {
    if (item.kind === 'binding') {
      uses.add(item.value)
      continue
    }
    for (const { name } of item.parameters) uses.note(name.text, name.span.start)
    if (item.call) uses.add(item.call)
    const own = new Uses(uses.taps)
    for (const { value } of item.statements) own.add(value)
    uses.include(own)
    bodies.push({ branch: item, uses: own })
  }
  // Losses, predictions and training are evaluated after everything else, wherever they are written.
  for (const { value } of [...losses, ...predictions, ...training]) uses.add(value, Number.POSITIVE_INFINITY)
  return { uses, bodies }
}
