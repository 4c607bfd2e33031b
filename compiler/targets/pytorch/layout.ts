/** Lines as `ruff format` leaves them: 88 columns, what is longer split at its last bracket. */
const widest = 88
const step = '    '

/** `prefix + expression + suffix` in as many lines as it needs; the comment goes above when it finds no room. */
export function statement(indent: string, prefix: string, expression: string, comment = ''): string[] {
  const line = `${indent}${prefix}${expression}`
  if (comment && line.length + comment.length + 4 <= widest) return [`${line}  # ${comment}`]
  const lines = broken(indent, prefix, expression, '')
  return comment ? [`${indent}# ${comment}`, ...lines] : lines
}

/** Whether the text finds room in one line. */
export function isLine(text: string): boolean {
  return text.length <= widest
}

/** The head of a function: `def forward(self, x: Tensor) -> Tensor:` */
export function definition(indent: string, name: string, parameters: readonly string[], returns: string): string[] {
  return broken(indent, 'def ', `${name}(${parameters.join(', ')})`, ` -> ${returns}:`)
}

function broken(indent: string, prefix: string, expression: string, suffix: string): string[] {
  const line = `${indent}${prefix}${expression}${suffix}`
  if (isLine(line)) return [line]
  const inner = indent + step
  const call = lastBracket(expression)
  if (!call) {
    // An operation: in parentheses, each operator at the beginning of a line where one line is not enough.
    const operands = splitAt(expression, / (?=(?:if|else|[-+*/]) )/y)
    const whole = `${inner}${expression}`
    const body = isLine(whole) ? [whole] : operands.map((part) => `${inner}${part}`)
    return [`${indent}${prefix}(`, ...body, `${indent})${suffix}`]
  }
  const items = splitAt(call.inside, /, /y).map((item) => item.replace(/,$/, ''))
  const together = `${inner}${items.join(', ')}`
  const body = isLine(together)
    ? [together]
    : items.flatMap((item) => {
        const [, name = '', value = item] = /^(\w+=)(.*)$/s.exec(item) ?? []
        return broken(inner, name, value, ',')
      })
  return [`${indent}${prefix}${call.head}`, ...body, `${indent}${call.close}${suffix}`]
}

/** `f(`, its arguments and `)`, where the expression is one call or list and no operation. */
function lastBracket(expression: string): { head: string; inside: string; close: string } | undefined {
  const close = expression.slice(-1)
  if (!')]}'.includes(close) || isOperation(expression)) return undefined
  const depths = depthsOf(expression)
  const open = depths.lastIndexOf(0, expression.length - 2)
  return { head: expression.slice(0, open + 1), inside: expression.slice(open + 1, -1), close }
}

/** Whether an operator stands outside of all brackets. */
export function isOperation(expression: string): boolean {
  const depths = depthsOf(expression)
  return Array.from(expression).some((character, index) => character === ' ' && depths[index] === 0)
}

/** Whether one of two expressions is taken: `a if b else c`. */
export function isConditional(expression: string): boolean {
  return splitAt(expression, / (?=if )/y).length > 1
}

/** Cut where the pattern fits outside of all brackets. */
function splitAt(text: string, pattern: RegExp): string[] {
  const depths = depthsOf(text)
  const parts: string[] = []
  let from = 0
  for (let index = 0; index < text.length; index++) {
    if (depths[index] !== 0) continue
    pattern.lastIndex = index
    const found = pattern.exec(text)
    if (!found) continue
    parts.push(text.slice(from, index))
    index += found[0].length - 1
    from = index + 1
  }
  return [...parts, text.slice(from)]
}

/** The bracket depth of each character; brackets themselves count as outside, strings as inside. */
function depthsOf(text: string): number[] {
  let depth = 0
  let quoted = false
  return Array.from({ length: text.length }, (_, index) => {
    const character = text.charAt(index)
    if (quoted) {
      if (character === '"' && text[index - 1] !== '\\') quoted = false
      return depth + 1
    }
    if (character === '"') {
      quoted = true
      return depth + 1
    }
    if ('([{'.includes(character)) return depth++
    if (')]}'.includes(character)) return --depth
    return depth
  })
}
