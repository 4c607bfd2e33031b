import type { Finding } from './check.js'

/** Returns the findings of a spec; the crash of an engine is a finding. */
export type Check = (text: string) => Promise<readonly Finding[]>

export interface Minimised {
  readonly text: string
  readonly finding: Finding
}

/** Simpler replacements for a line. No rewrite undoes another one, so that minimising ends. */
const rewrites: readonly (readonly [RegExp, string])[] = [
  [/size = (?!2\b)\d+/, 'size = 2'],
  [/size = (?![24]\b)\d+/, 'size = 4'],
  [/batch = (?!1\b)\d+/, 'batch = 1'],
  [/batch = (?![12]\b)\d+/, 'batch = 2'],
  [/, optimizer = .*\)/, ''],
  [/ \{ resize.*\}/, ''],
  [/, [a-z_]+ = [^,()]+(?=\))/, ''],
  [/, [a-z_]+ = [^,()]+(?=,)/, ''],
  [/mean\(softmax\(first\.logits\), softmax\(second\.logits\)\)/, 'softmax(second.logits)'],
  [/mean\(softmax\(first\.logits\), softmax\(second\.logits\)\)/, 'softmax(first.logits)'],
  [/ \* 0\.1/, ''],
]

/**
 * Removes, simplifies and joins lines of a spec as long as it has a finding of the same kind with the same message.
 *
 * @returns the shortest spec found, and its finding
 */
export async function minimise(text: string, finding: Finding, check: Check): Promise<Minimised> {
  let best: Minimised = { text, finding }
  const words = wordsOf(finding)
  const fails = async (shorter: string): Promise<boolean> => {
    const same = (await check(shorter)).find((other) => other.kind === finding.kind && wordsOf(other) === words)
    if (same) best = { text: shorter, finding: same }
    return same !== undefined
  }
  for (const candidates of [simplerThan, joined]) {
    let changed = true
    while (changed) {
      changed = false
      for (let line = best.text.split('\n').length - 1; line >= 0; line--)
        for (const shorter of candidates(best.text.split('\n'), line))
          if (shorter !== best.text && (await fails(shorter))) {
            changed = true
            break
          }
    }
  }
  return best
}

/** Returns the message without numbers, shapes and names of values, which change as a spec gets shorter. */
function wordsOf({ detail }: Finding): string {
  return detail
    .split(/\s+/)
    .filter((word) => !/[\d./[\]]/.test(word))
    .join(' ')
}

/** Yields the text without a line (and the rest of a block that begins there), or with a simpler line instead. */
function* simplerThan(lines: readonly string[], index: number): Generator<string> {
  const line = lines[index]
  if (line === undefined) return
  const without = (from: number, to: number) => [...lines.slice(0, from), ...lines.slice(to)].join('\n')
  if (/^\s*(branch|block) .*\{$/.test(line)) {
    const end = lines.findIndex((other, at) => at > index && /^\s*\}$/.test(other))
    if (end > index) yield without(index, end + 1)
  }
  yield without(index, index + 1)
  // References to a binding may be replaced by an earlier value.
  const name = boundIn(line)
  if (name !== undefined)
    for (const earlier of ['image', 'x', ...lines.slice(0, index).flatMap((one) => boundIn(one) ?? [])])
      yield without(index, index + 1).replaceAll(new RegExp(`\\b${name}\\b`, 'g'), earlier)
  for (const [pattern, simpler] of rewrites) {
    const simplified: string = line.replace(pattern, simpler)
    if (simplified !== line) yield [...lines.slice(0, index), simplified, ...lines.slice(index + 1)].join('\n')
  }
}

/** The text with fewer lines that say the same: a block's body in the place of its call, an expression in the place of a name, one line a branch. */
function* joined(lines: readonly string[], index: number): Generator<string> {
  const line = lines[index]
  if (line === undefined) return
  const [before, after] = [lines.slice(0, index), lines.slice(index + 1)]
  const call = /^\s*(v\d+) = (block\d+)\((\w+)\)$/.exec(line)
  if (call) {
    const [, name = '', block = '', operand = ''] = call
    const start = lines.findIndex((one) => one.startsWith(`block ${block}(`))
    const end = lines.findIndex((one, at) => at > start && one === '}')
    const result = /^\s*return (\w+)$/.exec(lines[end - 1] ?? '')?.[1]
    const calls = lines.filter((one) => new RegExp(`\\b${block}\\b`).test(one)).length
    if (start >= 0 && result !== undefined && calls === 2) {
      const body = lines.slice(start + 1, end - 1).map((one) => `  ${one.replace(/\bx\b(?! =)/g, operand)}`)
      const whole = [
        ...before,
        ...body,
        ...after.map((one) => one.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), result)),
      ]
      yield [...whole.slice(0, start), ...whole.slice(end + 1)].join('\n')
    }
  }
  const bound = /^\s*(v\d+) = (.*)$/.exec(line)
  if (bound) {
    const [, name = '', expression = ''] = bound
    const uses = after.join('\n').match(new RegExp(`\\b${name}\\b`, 'g'))
    if (uses?.length === 1)
      yield [...before, ...after.map((one) => one.replace(new RegExp(`\\b${name}\\b`), () => expression))].join('\n')
  }
  const [body, close, ...rest] = after
  if (body !== undefined && /^\s*(branch|block) .*\{$/.test(line) && /^\s*\}$/.test(close ?? ''))
    yield [...before, `${line} ${body.trim()} }`, ...rest].join('\n')
}

function boundIn(line: string): string | undefined {
  return /^\s*(v\d+) = /.exec(line)?.[1]
}
