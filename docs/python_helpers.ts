import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withoutText } from '../compiler/targets/pytorch/python.js'
import { present } from '../grammar/present.js'
import { packageRoot } from '../runtime/package-root.js'

/** A function or class of one of the files, with the definitions that belong to it. */
interface Definition {
  readonly name: string
  readonly code: string
  /** Helpers that the code names, in the order of their first occurrence; decorators come after what the body names. */
  readonly uses: readonly string[]
}

/**
 * Returns compiler/ops/python/index.ts: the Python of that folder as strings, so that the compiler reads no file. The files are as
 * `ruff format` leaves them, with two blank lines between definitions and nowhere else.
 */
export function pythonHelpers(): string {
  const folder = join(packageRoot(), 'compiler', 'ops', 'python')
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.py'))
    .sort()
  const definitions = files.flatMap((file) => definitionsOf(readFileSync(join(folder, file), 'utf8')))
  const head = [
    '// Written by `npm run docs` from the .py files of this folder.',
    "import type { PythonHelper } from '../../targets/pytorch/lowering.js'",
  ]
  return `${head.join('\n')}\n\n${inOrder(definitions).map(constant).join('\n')}`
}

function definitionsOf(text: string): readonly Definition[] {
  const [head = '', ...parts] = text.trimEnd().split('\n\n\n')
  const groups: string[] = []
  let before = ''
  for (const part of parts) {
    const name = nameOf(part)
    if (name === undefined) before += `${part}\n\n\n`
    // `_` registers something for the operation above it.
    else if (name === '_') groups.push(`${groups.pop()}\n\n\n${part}`)
    else {
      groups.push(before + part)
      before = ''
    }
  }
  const names = groups.map((group) => present(nameOf(group), 'the name of a definition'))
  const imported = [...head.matchAll(/^from (\w+) import (.+)$/gm)].flatMap(([, , list = '']) => list.split(', '))
  const known = new Set([...names, ...imported])
  return groups.map((code, index) => {
    const name = present(names[index], 'the name of a definition')
    const text = withoutText(code)
    const decorators = text.match(/^ *@.+$/gm) ?? []
    const words = [text.replace(/^ *@.+$/gm, ''), ...decorators].join('\n').matchAll(/(?<!\.)\b\w+/g)
    const uses = new Set([...words].map(([word]) => word).filter((word) => word !== name && known.has(word)))
    return { name, code, uses: [...uses] }
  })
}

function nameOf(code: string): string | undefined {
  return /^(?:class|def) (\w+)/m.exec(code)?.[1]
}

/** Returns the definitions, each after those that it uses. Names from other packages are left out of `uses`. */
function inOrder(definitions: readonly Definition[]): readonly Definition[] {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]))
  const listed = new Map<string, Definition>()
  const add = (definition: Definition) => {
    if (listed.has(definition.name)) return
    const uses = definition.uses.flatMap((name) => byName.get(name) ?? [])
    for (const used of uses) add(used)
    listed.set(definition.name, { ...definition, uses: uses.map(({ name }) => name) })
  }
  for (const definition of definitions) add(definition)
  return [...listed.values()]
}

function constant({ name, code, uses }: Definition): string {
  const text = code.replace(/[`\\]|\$\{/g, '\\$&')
  const used = uses.length > 0 ? `  uses: [${uses.join(', ')}],\n` : ''
  return `export const ${name}: PythonHelper = {\n  name: '${name}',\n  code: \`${text}\n\`,\n${used}}\n`
}
