import { bracketed, type Expression, operandLines, printExpression, printItem } from './expression.js'

/** Lines as `ruff format` leaves them: 88 columns, what is longer split at its last bracket. */
const widest = 88
const step = '    '
const collections: ReadonlySet<Expression['kind']> = new Set(['list', 'tuple', 'dict'])

/** Returns `prefix + expression + suffix` in as many lines as it needs; the comment goes above when it finds no room. */
export function statement(indent: string, prefix: string, expression: Expression, comment = '', suffix = ''): string[] {
  const line = `${indent}${prefix}${printExpression(expression)}${suffix}`
  if (comment && line.length + comment.length + 4 <= widest) return [`${line}  # ${comment}`]
  const lines = broken(indent, prefix, expression, suffix)
  return comment ? [`${indent}# ${comment}`, ...lines] : lines
}

/** Whether the text fits on one line. */
export function isLine(text: string): boolean {
  return text.length <= widest
}

/** Returns the head of a function: `def forward(self, x: Tensor) -> Tensor:` */
export function definition(indent: string, name: string, parameters: readonly string[], returns: string): string[] {
  const line = `${indent}def ${name}(${parameters.join(', ')}) -> ${returns}:`
  if (isLine(line)) return [line]
  const together = `${indent}${step}${parameters.join(', ')}`
  const body = isLine(together) ? [together] : parameters.map((parameter) => `${indent}${step}${parameter},`)
  return [`${indent}def ${name}(`, ...body, `${indent}) -> ${returns}:`]
}

function broken(indent: string, prefix: string, expression: Expression, suffix: string): string[] {
  const whole = printExpression(expression)
  const line = `${indent}${prefix}${whole}${suffix}`
  if (isLine(line)) return [line]
  const inner = indent + step
  switch (expression.kind) {
    case 'source':
    case 'attribute':
      return [`${indent}${prefix}(`, `${inner}${whole}`, `${indent})${suffix}`]
    case 'arithmetic':
    case 'conditional': {
      const operands = operandLines(expression).map((operand) => `${inner}${operand}`)
      const body = isLine(`${inner}${whole}`) ? [`${inner}${whole}`] : operands
      return [`${indent}${prefix}(`, ...body, `${indent})${suffix}`]
    }
    default: {
      const { open, items, close } = bracketed(expression)
      const together = `${inner}${items.map(printItem).join(', ')}`
      // Only the arguments of a call and indices stand together on a line of their own.
      const apart = collections.has(expression.kind) && items.length > 1
      const body =
        isLine(together) && !apart ? [together] : items.flatMap((item) => broken(inner, item.prefix, item.value, ','))
      return [`${indent}${prefix}${open}`, ...body, `${indent}${close}${suffix}`]
    }
  }
}
