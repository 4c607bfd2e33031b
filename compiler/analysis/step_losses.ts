import type { Binding, Expression, Span } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { nearest } from '../diagnostics/suggest.js'
import { stepsLine } from '../training/loop.js'
import type { Elaborator } from './elaborator.js'

interface NamedLoss {
  readonly name: string
  readonly span: Span
}

/**
 * Returns the names of the losses of each optimizer step: `steps = [first, second + third]`. Undefined when something was reported: an
 * unknown loss, one in two steps, or one in none.
 */
export function stepLosses(
  elaborator: Elaborator,
  { value }: Binding,
  losses: readonly string[],
): readonly (readonly string[])[] | undefined {
  const wrong = (what: string, span: Span) => {
    elaborator.report(diagnose('wrong-steps', { what }, span))
    return undefined
  }
  const steps = value.kind === 'list' ? value.items.map(lossesIn) : [undefined]
  const known = steps.flatMap((step) => (step ? [step] : []))
  if (known.length < steps.length || known.length === 0)
    return wrong(`\`${stepsLine.name}\` is no list of losses`, value.span)
  const all = known.flat()
  for (const { name, span } of all)
    if (!losses.includes(name)) {
      const suggestion = nearest(name, losses)
      elaborator.report(diagnose('unknown-name', { name, known: losses, suggestion, importable: undefined }, span))
      return undefined
    }
  const again = all.find(({ name }, index) => all.findIndex((one) => one.name === name) < index)
  if (again) return wrong(`\`${again.name}\` is in two steps`, again.span)
  const left = losses.find((name) => !all.some((one) => one.name === name))
  if (left !== undefined) return wrong(`the loss \`${left}\` is in no step`, value.span)
  return known.map((step) => step.map(({ name }) => name))
}

/** Returns the losses that an expression joins: `a`, `"a"`, `a + b`; undefined for anything else. */
function lossesIn(expression: Expression): readonly NamedLoss[] | undefined {
  if (expression.kind === 'name') return [{ name: expression.text, span: expression.span }]
  if (expression.kind === 'string') return [{ name: expression.value, span: expression.span }]
  if (expression.kind !== 'binary' || expression.operator !== '+') return undefined
  const [left, right] = [lossesIn(expression.left), lossesIn(expression.right)]
  return left && right && [...left, ...right]
}
