import type { Expression, Statement } from './tree.js'

/** The expressions directly inside of one, those of a repeat's body included, in the order of the text. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'member':
      return [expression.object]
    case 'index':
      return [expression.object, expression.index]
    case 'call':
      return [expression.callee, ...expression.arguments.map(({ value }) => value)]
    case 'pipeline':
      return [expression.start, ...expression.stages]
    case 'list':
      return expression.items
    case 'negate':
      return [expression.operand]
    case 'binary':
      return [expression.left, expression.right]
    case 'conditional':
      return [expression.condition, expression.whenTrue, expression.whenFalse]
    case 'repeat':
      return [
        expression.count,
        ...expression.carried.map(({ start }) => start),
        ...(expression.named?.parts.filter((part) => typeof part !== 'string') ?? []),
        ...expression.statements.map(({ value }) => value),
      ]
    case 'tuple':
      return expression.items
    default:
      return []
  }
}

/** The statements of a body, and of the repeats in it. */
export function* statementsWithin(statements: readonly Statement[]): Generator<Statement> {
  for (const statement of statements) {
    yield statement
    yield* ofRepeats(statement.value)
  }
}

function* ofRepeats(expression: Expression): Generator<Statement> {
  if (expression.kind === 'repeat') yield* statementsWithin(expression.statements)
  for (const child of childrenOf(expression)) yield* ofRepeats(child)
}
