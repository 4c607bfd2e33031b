/** A plain value as a TypeScript literal, in the style of the generated files. Text is quoted and escaped: it stays data. */
export function literal(value: unknown): string {
  if (typeof value === 'string') return stringLiteral(value)
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, inner]) => inner !== undefined)
    return fields.length === 0
      ? '{}'
      : `{ ${fields.map(([name, inner]) => property(name, literal(inner))).join(', ')} }`
  }
  return String(value)
}

/** `name: code`, the name quoted only where it must be, left out where the code is the name. */
export function property(name: string, code: string): string {
  if (name === code) return name
  // Without brackets it would set the object's prototype.
  if (name === '__proto__') return `['__proto__']: ${code}`
  return `${/^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? name : stringLiteral(name)}: ${code}`
}

function stringLiteral(text: string): string {
  const escaped = JSON.stringify(text)
    .slice(1, -1)
    .replace(/\\"/g, '"')
    .replace(/'/g, "\\'")
    .replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`)
  return `'${escaped}'`
}
