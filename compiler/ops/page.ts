import type { ArgumentKind, ArgumentSpec, Documentation, Operation } from './operation.js'

/** The parts of an operation, a setting or a block that its page shows. */
interface Documented extends Documentation {
  readonly name: string
  readonly arguments: readonly ArgumentSpec[]
  readonly outputs?: readonly string[]
  /** Whether it may compute in half precision or on eight-bit values. */
  readonly lowPrecision?: true
}

/** Longer signatures have one line per argument. */
const longestSignature = 72

/** Returns the page of an operation in Markdown: what it computes, its arguments with defaults, and where it comes from. */
export function operationPage({ documentation, semantics, ...operation }: Operation): string {
  return settingPage({
    ...operation,
    ...documentation,
    ...(semantics?.lowPrecision && { lowPrecision: semantics.lowPrecision }),
  })
}

/** Returns the page of a setting of the train block, in the same form. */
export function settingPage({
  name,
  summary,
  details,
  example,
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
    lines.push('', '| argument | type | default | description |', '|---|---|---|---|', ...specs.map(row))
  if (outputs)
    lines.push(
      '',
      `Outputs: ${outputs.map((output) => `\`${output}\``).join(', ')}. The first is the value of the call; the others are its members, such as \`${name}(...).${outputs.at(-1)}\`.`,
    )
  if (lowPrecision)
    lines.push('', 'Exported files may compute it in half precision or in 8 bits (`--precision fp16`, `int8`).')
  if (example) lines.push('', 'Example:', '', '```wsban', example, '```')
  if (source) lines.push('', `Source: ${source}`)
  return lines.join('\n')
}

function row({ name, kind, default: standard, meaning, source }: ArgumentSpec): string {
  const shown = standard === undefined ? 'required' : standard === null ? 'none' : `\`${String(standard)}\``
  return `| \`${name}\` | ${kindText(kind)} | ${shown} | ${meaning}${source ? ` (${source})` : ''} |`
}

function kindText(kind: ArgumentKind): string {
  switch (kind.is) {
    case 'word':
      return kind.words.map((word) => `\`${word}\``).join(' or ')
    case 'pair':
      return 'a whole number, or [height, width]'
    case 'number':
      return ['a number', ...(kind.words ?? []).map((word) => `\`${word}\``)].join(', or ')
    case 'integer':
      return 'a whole number'
    case 'colours':
      return `a number, [red, green, blue], ${Object.keys(kind.named).join(', ')}, or the name of a published backbone`
    case 'axes':
      return 'axes'
    case 'integers':
      return 'a list of whole numbers'
    case 'numbers':
      return 'a list of numbers'
    case 'text':
      return 'a text in quotes'
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
