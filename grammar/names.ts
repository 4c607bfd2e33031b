import * as t from './tokens.js'

/** Words of the language that cannot be names: keywords that mean something wherever they stand. */
const reserved: ReadonlySet<string> = new Set(
  t.tokens.flatMap(({ PATTERN, CATEGORIES }) =>
    typeof PATTERN === 'string' && /^\w+$/.test(PATTERN) && !CATEGORIES?.includes(t.Name) ? [PATTERN] : [],
  ),
)

/** Whether a name can be written without quotes wherever a name may stand. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !reserved.has(name)
}

/**
 * Whether a text may be a name in quotes. A dot separates the parts of a weight's name and a slash those of a node's, so that neither
 * can be inside of one.
 */
export function isQuotableName(name: string): boolean {
  return /^[\w-]+$/.test(name)
}

/** Returns a name as it is written where it is defined or used: in quotes where it has to be. */
export function writtenName(name: string): string {
  return isPlainName(name) ? name : `"${name}"`
}

/** Returns a name as it is written after a dot, where words of the language and numbers need no quotes. */
export function writtenMember(name: string): string {
  return /^(?:[A-Za-z_]\w*|\d+)$/.test(name) ? name : `"${name}"`
}
