/**
 * Reads the examples of docs/language.md. An example is a fenced block whose info string begins with `wsban`, with the files and the
 * output blocks that belong to it:
 *
 * - ```` ```wsban ```` is a whole file; `wsban branch` and `wsban model` are statements of a branch or of a model.
 * - `--set NAME=VALUE` and `--train SETTING=VALUE` in the info string are those of the command line.
 * - A paragraph such as `` `blocks.wsban`: `` directly above a block names a file that the other examples of the section can import.
 * - `// error: [code] "part of the message" at "marked text"`, or `warning`, expects a diagnostic on its line, or on the next line if the
 *   comment stands alone. `// shape: [512, 14, 14]` expects the shape of the name that the line defines, and `// value: 20%` its constant.
 * - Fences labelled `weights`, `emits`, `nodes`, `formatted` or `expanded` directly after an example expect output of the compiler for it.
 */
export interface Example {
  /** The heading that it stands under. */
  readonly section: string
  /** The line of the page on which its text begins, from 1. */
  readonly line: number
  readonly text: string
  readonly context: Context
  readonly set: Readonly<Record<string, string>>
  readonly train: readonly string[]
  /** Files that it can import, by name. */
  readonly files: ReadonlyMap<string, string>
  readonly outputs: readonly Output[]
}

export type Context = 'file' | 'branch' | 'model'

export interface Output {
  readonly kind: OutputKind
  /** The language of the fence, which tells the targets apart. */
  readonly language: string
  readonly text: string
}

const outputKinds = ['weights', 'emits', 'nodes', 'formatted', 'expanded'] as const
export type OutputKind = (typeof outputKinds)[number]

export interface DiagnosticExpectation {
  readonly line: number
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly message: string
  readonly marked?: string
}

export interface ValueExpectation {
  readonly line: number
  readonly kind: 'shape' | 'value'
  readonly text: string
}

interface Fence {
  readonly info: readonly string[]
  readonly line: number
  readonly text: string
  readonly section: string
  /** The nearest line above that is not blank. */
  readonly above: string
}

/** Returns the examples of a page in Markdown, in their order. */
export function readExamples(markdown: string): Example[] {
  const fences = fencesOf(markdown)
  const files = new Map<string, Map<string, string>>()
  for (const fence of fences) {
    const name = fileName(fence)
    if (name !== undefined)
      files.set(fence.section, (files.get(fence.section) ?? new Map<string, string>()).set(name, fence.text))
  }
  return fences.flatMap((fence, index) => {
    const [language, ...words] = fence.info
    if (language !== 'wsban' || outputKind(words) || fileName(fence) !== undefined) return []
    const context = words[0] === 'branch' || words[0] === 'model' ? words[0] : 'file'
    const { section, line, text } = fence
    return [
      {
        section,
        line,
        text,
        context,
        ...flagsOf(words),
        files: files.get(section) ?? new Map<string, string>(),
        outputs: outputsAfter(fences, index),
      },
    ]
  })
}

function fencesOf(markdown: string): Fence[] {
  const lines = markdown.split('\n')
  const fences: Fence[] = []
  let section = ''
  let above = ''
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    const heading = /^#{1,4} (.*)$/.exec(line)?.[1]
    const info = /^```(\S.*)$/.exec(line)?.[1]
    if (heading !== undefined) section = heading
    if (info !== undefined) {
      const end = lines.indexOf('```', index)
      if (end === -1) throw new Error(`line ${index + 1}: a fence without an end`)
      const text = `${lines.slice(index + 1, end).join('\n')}\n`
      fences.push({ info: info.split(/\s+/), line: index + 2, text, section, above })
      index = end
    }
    if (line.trim() !== '') above = line
  }
  return fences
}

function fileName({ info, above }: Fence): string | undefined {
  return info[0] === 'wsban' ? /^`([\w/]+)\.wsban`:$/.exec(above)?.[1] : undefined
}

function outputKind(words: readonly string[]): OutputKind | undefined {
  return outputKinds.find((kind) => kind === words[0])
}

/** The fences of expected output between an example and the next one. */
function outputsAfter(fences: readonly Fence[], index: number): Output[] {
  const outputs: Output[] = []
  for (const { info, text, section } of fences.slice(index + 1)) {
    const [language = '', ...words] = info
    const kind = outputKind(words)
    if (!kind || section !== fences[index]?.section) break
    outputs.push({ kind, language, text })
  }
  return outputs
}

function flagsOf(words: readonly string[]): Pick<Example, 'set' | 'train'> {
  const after = (flag: string) => words.flatMap((word, index) => (words[index - 1] === flag ? [word] : []))
  const pairs = after('--set').map((pair) => {
    const [name = '', value = ''] = pair.split('=')
    return [name, value] as const
  })
  return { set: Object.fromEntries(pairs), train: after('--train') }
}

const comment = /\/\/ (error|warning|shape|value): (.*)$/
const diagnosticForm = /^\[([a-z-]+)\] "((?:[^"\\]|\\.)*)"(?: at "((?:[^"\\]|\\.)*)")?$/

const unescaped = (text: string) => text.replace(/\\(.)/g, '$1')

/** Returns the expectations in the comments of an example's text, by line from 1. */
export function expectationsOf(text: string) {
  const diagnostics: DiagnosticExpectation[] = []
  const values: ValueExpectation[] = []
  const lines = text.split('\n')
  lines.forEach((content, index) => {
    const [whole, kind, rest = ''] = comment.exec(content) ?? []
    if (whole === undefined) return
    const line = content.trim() === whole ? lineBelow(lines, index) : index + 1
    if (kind === 'shape' || kind === 'value') {
      values.push({ line, kind, text: rest.trim() })
      return
    }
    const [, code, message = '', marked] = diagnosticForm.exec(rest.trim()) ?? []
    if (code === undefined) throw new Error(`not an expectation: ${content.trim()}`)
    const severity = kind === 'error' ? 'error' : 'warning'
    diagnostics.push({
      line,
      severity,
      code,
      message: unescaped(message),
      ...(marked !== undefined && { marked: unescaped(marked) }),
    })
  })
  return { diagnostics, values }
}

/** The line that an expectation on a line of its own is about: the next one that is more than an expectation, or its own at the end. */
function lineBelow(lines: readonly string[], index: number): number {
  const below = lines.slice(index + 1).findIndex((line) => !comment.test(line) || !line.trim().startsWith('//'))
  return below === -1 || lines.slice(index + below + 1).every((line) => line === '') ? index + 1 : index + below + 2
}
