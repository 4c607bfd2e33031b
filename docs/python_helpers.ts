import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PythonImport } from '../compiler/targets/pytorch/imports.js'
import { present } from '../grammar/present.js'
import { packageRoot } from '../runtime/package_root.js'

/** A function or class of one of the files, with the definitions that belong to it. */
interface Definition {
  readonly name: string
  readonly code: string
  /** Helpers that the code names, in the order of their first occurrence; decorators come after what the body names. */
  readonly uses: readonly string[]
  /** Names of other packages in the code. */
  readonly imports: readonly PythonImport[]
}

/** One of the files. */
interface PythonFile {
  readonly name: string
  readonly definitions: readonly Definition[]
}

const folder = 'compiler/ops/python'

/**
 * Returns the files of compiler/ops/python that hold its Python as strings, so that the compiler reads no file: one beside each Python
 * file, and an index. The Python is as `ruff format` leaves it, with two blank lines between definitions and nowhere else.
 */
export function pythonHelpers(): ReadonlyMap<string, string> {
  const place = join(packageRoot(), folder)
  const names = readdirSync(place)
    .filter((file) => file.endsWith('.py'))
    .map((file) => file.slice(0, -'.py'.length))
    .sort()
  const files = names.map((name) => fileOf(name, readFileSync(join(place, `${name}.py`), 'utf8'), names))
  const fileByHelper = new Map(files.flatMap(({ name, definitions }) => definitions.map((one) => [one.name, name])))
  return new Map([
    ...files.map((file) => [`${folder}/${file.name}.ts`, moduleText(file, fileByHelper)] as const),
    [
      `${folder}/index.ts`,
      `${written('the Python files of this folder')}\n${names.map((name) => `export * from './${name}.js'\n`).join('')}`,
    ],
  ])
}

function moduleText({ name, definitions }: PythonFile, fileByHelper: ReadonlyMap<string, string>): string {
  const ordered = inOrder(definitions)
  const used = [...new Set(ordered.flatMap(({ uses }) => uses))].filter((helper) => fileByHelper.get(helper) !== name)
  const imports = [...new Set(used.map((helper) => present(fileByHelper.get(helper), helper)))].sort().map((file) => {
    const helpers = used.filter((helper) => fileByHelper.get(helper) === file).sort()
    return `import { ${helpers.join(', ')} } from './${file}.js'`
  })
  const head = [
    written(`${name}.py`),
    "import type { PythonHelper } from '../../targets/pytorch/lowering.js'",
    ...imports,
  ]
  return `${head.join('\n')}\n\n${ordered.map(constant).join('\n')}`
}

function written(from: string): string {
  return `// Written by \`npm run docs\` from ${from}.`
}

function fileOf(file: string, text: string, files: readonly string[]): PythonFile {
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
  const imported = importsOf(head)
  const helpers = imported.flatMap((one) => (files.includes(one.module) && one.name !== undefined ? [one.name] : []))
  const known = new Set([...names, ...helpers])
  const definitions = groups.map((code, index) => {
    const name = present(names[index], 'the name of a definition')
    const text = withoutText(code)
    const decorators = text.match(/^ *@.+$/gm) ?? []
    const matches = [text.replace(/^ *@.+$/gm, ''), ...decorators].join('\n').matchAll(/(?<!\.)\b\w+/g)
    const words = new Set([...matches].map(([word]) => word))
    const imports = imported.filter((one) => !files.includes(one.module) && words.has(localName(one)))
    return { name, code, uses: [...words].filter((word) => word !== name && known.has(word)), imports }
  })
  return { name: file, definitions }
}

/** Returns what the head of a file imports, but for `annotations`, which every generated file imports. */
function importsOf(head: string): readonly PythonImport[] {
  return [...head.matchAll(/^(?:from (\S+) )?import (.+)$/gm)].flatMap(([, from, list = '']): PythonImport[] => {
    if (from === '__future__') return []
    if (from !== undefined) return list.split(', ').map((name) => ({ module: from, name }))
    const [module = '', alias] = list.split(' as ')
    return [alias === undefined ? { module } : { module, alias }]
  })
}

/** The name by which code refers to an import. */
function localName({ module, name, alias }: PythonImport): string {
  return name ?? alias ?? module
}

function nameOf(code: string): string | undefined {
  return /^(?:class|def) (\w+)/m.exec(code)?.[1]
}

/** Returns the definitions of a file, each after those of them that it uses. */
function inOrder(definitions: readonly Definition[]): readonly Definition[] {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]))
  const listed = new Set<Definition>()
  const add = (definition: Definition) => {
    if (listed.has(definition)) return
    for (const name of definition.uses) {
      const used = byName.get(name)
      if (used) add(used)
    }
    listed.add(definition)
  }
  for (const definition of definitions) add(definition)
  return [...listed]
}

function constant({ name, code, uses, imports }: Definition): string {
  const text = code.replace(/[`\\]|\$\{/g, '\\$&')
  const used = uses.length > 0 ? `  uses: [${uses.join(', ')}],\n` : ''
  return `export const ${name}: PythonHelper = {\n  name: '${name}',\n  code: \`${text}\n\`,\n${used}${importList(imports)}}\n`
}

/** Returns the field `imports`, in the project's formatting. */
function importList(imports: readonly PythonImport[]): string {
  const items = imports.map((one) => {
    const fields = Object.entries(one).map(([key, value]) => `${key}: '${value}'`)
    return { text: `{ ${fields.join(', ')} }`, isSingle: fields.length === 1 }
  })
  const line = `  imports: [${items.map(({ text }) => text).join(', ')}],\n`
  const breaks = line.length > 121 || (items.length > 1 && !items.some(({ isSingle }) => isSingle))
  return breaks ? `  imports: [\n${items.map(({ text }) => `    ${text},\n`).join('')}  ],\n` : line
}

/** Returns Python code without its strings and comments, in which a name refers to nothing. */
function withoutText(code: string): string {
  return code.replace(/"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|#.*/g, '')
}
