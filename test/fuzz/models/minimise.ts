import type { EngineName } from '../../../runtime/engines/index.js'
import { checkText, type Finding } from './check.js'

/** Simpler texts to try in a line's place. */
const rewrites: readonly (readonly [RegExp, string])[] = [
  [/size = \d+/, 'size = 2'],
  [/size = \d+/, 'size = 4'],
  [/batch = \d+/, 'batch = 1'],
  [/batch = \d+/, 'batch = 2'],
  [/, optimizer = .*\)/, ''],
  [/ \{ resize.*\}/, ''],
  [/, [a-z_]+ = [^,()]+(?=\))/, ''],
  [/, [a-z_]+ = [^,()]+(?=,)/, ''],
  [/mean\(softmax\(first\.logits\), softmax\(second\.logits\)\)/, 'softmax(second.logits)'],
  [/mean\(softmax\(first\.logits\), softmax\(second\.logits\)\)/, 'softmax(first.logits)'],
  [/ \* 0\.1/, ''],
]

/**
 * Leaves out and simplifies lines of a spec as long as it has a finding of the same kind.
 *
 * @returns the shortest spec found, and its finding
 */
export async function minimise(
  text: string,
  finding: Finding,
  seed: number,
  engines: readonly EngineName[],
): Promise<{ text: string; finding: Finding }> {
  let best = { text, finding }
  const fails = async (shorter: string): Promise<boolean> => {
    const { findings } = await checkText(shorter, seed, engines)
    const same = findings.find(({ kind }) => kind === finding.kind)
    if (same) best = { text: shorter, finding: same }
    return same !== undefined
  }
  let changed = true
  while (changed) {
    changed = false
    for (let line = best.text.split('\n').length - 1; line >= 0; line--)
      for (const shorter of simplerThan(best.text.split('\n'), line))
        if (shorter !== best.text && (await fails(shorter))) {
          changed = true
          break
        }
  }
  return best
}

/** The text without a line (and the rest of a block that begins there), or with something simpler in its place. */
function* simplerThan(lines: readonly string[], index: number): Generator<string> {
  const line = lines[index]
  if (line === undefined) return
  const without = (from: number, to: number) => [...lines.slice(0, from), ...lines.slice(to)].join('\n')
  if (/^\s*(branch|block) .*\{$/.test(line)) {
    const end = lines.findIndex((other, at) => at > index && /^\s*\}$/.test(other))
    if (end > index) yield without(index, end + 1)
  }
  yield without(index, index + 1)
  // A binding's uses may take an earlier value.
  const name = /^\s*(v\d+) = /.exec(line)?.[1]
  if (name !== undefined)
    for (const earlier of ['image', 'x', ...earlierNames(lines, index)])
      yield without(index, index + 1).replaceAll(new RegExp(`\\b${name}\\b`, 'g'), earlier)
  for (const [pattern, simpler] of rewrites) {
    const simplified: string = line.replace(pattern, simpler)
    if (simplified !== line) yield [...lines.slice(0, index), simplified, ...lines.slice(index + 1)].join('\n')
  }
}

function earlierNames(lines: readonly string[], index: number): string[] {
  return lines.slice(0, index).flatMap((line) => /^\s*(v\d+) = /.exec(line)?.[1] ?? [])
}
