import type { ArgumentKind, ArgumentSpec } from './operation.js'

/** What operations and settings have in common for a reader. */
export interface Documented {
  readonly name: string
  readonly summary: string
  readonly details?: string
  readonly source?: string
  readonly arguments: readonly ArgumentSpec[]
  readonly outputs?: readonly string[]
  /** Whether it may compute in half precision or on eight-bit values. */
  readonly lowPrecision?: true
}

/** Longer ones have a line for each argument. */
const longestSignature = 72

/** The page of an operation or setting, in Markdown: what it computes, its arguments with defaults, and where it comes from. */
export function operationPage({
  name,
  summary,
  details,
  source,
  arguments: specs,
  outputs,
  lowPrecision,
}: Documented): string {
  const signature = specs.map((spec) =>
    spec.default === undefined || spec.default === null ? spec.name : `${spec.name} = ${String(spec.default)}`,
  )
  const line = `${name}(${signature.join(', ')})`
  const call = line.length <= longestSignature ? line : line.replaceAll(', ', `,\n${' '.repeat(name.length + 1)}`)
  const lines = [`## ${name}`, '', '```wsban', call, '```', '', summary]
  if (details) lines.push('', details)
  if (specs.length > 0)
    lines.push('', '| argument | what it is | default | meaning |', '|---|---|---|---|', ...specs.map(row))
  if (outputs)
    lines.push(
      '',
      `Outputs: ${outputs.map((output) => `\`${output}\``).join(', ')}; the first is the value of the call.`,
    )
  if (lowPrecision)
    lines.push(
      '',
      'In an exported file it may compute in half precision or on eight-bit values (`--precision fp16`, `int8`).',
    )
  if (source) lines.push('', `Source: ${source}`)
  return lines.join('\n')
}

function row({ name, kind, default: standard, meaning, source }: ArgumentSpec): string {
  const shown = standard === undefined ? 'needed' : standard === null ? 'none' : `\`${String(standard)}\``
  return `| \`${name}\` | ${kindText(kind)} | ${shown} | ${meaning}${source ? ` (${source})` : ''} |`
}

function kindText(kind: ArgumentKind): string {
  switch (kind.is) {
    case 'word':
      return kind.words.map((word) => `\`${word}\``).join(' or ')
    case 'pair':
      return 'a whole number, or [height, width]'
    case 'integer':
      return 'a whole number'
    case 'colours':
      return `a number, [red, green, blue], or ${Object.keys(kind.named).join(', ')}`
    case 'integers':
      return 'a list of whole numbers'
    case 'number or uniform':
      return 'a number, or uniform(low, high)'
    case 'boolean':
      return '`true` or `false`'
    case 'tensors':
      return 'tensors'
    case 'tensor or number':
      return 'a tensor or a number'
    default:
      return `a ${kind.is}`
  }
}
