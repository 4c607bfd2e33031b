import { readdirSync, readFileSync } from 'node:fs'
import { join, normalize, relative, sep } from 'node:path'
import test from 'ava'
import { operations } from '../../compiler/ops/index.js'
import { packageRoot } from '../../runtime/package_root.js'

/** The core runs in a browser: it reads no file, asks no clock, opens no connection, prints nothing. */
const pure = ['grammar', 'compiler', 'editors/language']
const allowedPackages = new Set(['@dagrejs/dagre', 'chevrotain', 'onnx-proto', 'ts-morph'])
const effects =
  /\b(?:process|console|globalThis|fetch|setTimeout|setInterval|performance)\s*[.(]|\bDate\b|Math\.random|\brequire\(|\bimport\(/

function sources(folder: string): string[] {
  return readdirSync(join(packageRoot(), folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file))
}

for (const folder of pure)
  test(`${folder}/ is pure`, (t) => {
    const files = sources(folder)
    t.true(files.length > 3)
    for (const file of files) {
      const text = readFileSync(join(packageRoot(), file), 'utf8')
      // Imports of the file itself, not those in generated code.
      for (const [, specifier = ''] of text.matchAll(/^(?:(?:import|export|\}).* from |import )'([^']+)'$/gm)) {
        if (!specifier.startsWith('.')) t.true(allowedPackages.has(specifier), `${file} imports ${specifier}`)
        else
          t.true(
            pure.some((own) => join(file, '..', specifier).startsWith(`${own}/`)),
            `${file} imports ${specifier}, which is not pure`,
          )
      }
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'/g, '')
      t.false(effects.test(code), `${file}: ${effects.exec(code)?.[0]}`)
    }
  })

/** The build replaces these with the texts that they read (cli/bootstrap/embedded.mjs). */
const embedded = new Set(['runtime/specs/standard_texts.ts', 'runtime/pytorch/program_texts.ts'])
const allowedInBrowsers = new Set([...allowedPackages, '@noble/hashes/sha2.js', '@noble/hashes/utils.js', 'zod'])

test('what programs import from wsban/compiler reaches nothing of Node', (t) => {
  const waiting = ['runtime/compiler_api/index.ts']
  const reached = new Set(waiting)
  for (const file of waiting) {
    if (embedded.has(file)) continue
    const text = readFileSync(join(packageRoot(), file), 'utf8')
    const imports = text.matchAll(/^(?:(?:import|export)(?! type\b).* from |\} from |import |.*\bimport\()'([^']+)'/gm)
    for (const [line, specifier = ''] of imports) {
      if (
        specifier.endsWith('.json') ||
        (line.startsWith('} from') && /import type \{[^}]*$/.test(text.slice(0, text.indexOf(line))))
      )
        continue
      if (!specifier.startsWith('.')) {
        t.true(allowedInBrowsers.has(specifier), `${file} imports ${specifier}`)
        continue
      }
      const imported = normalize(join(file, '..', specifier.replace(/\.js$/, '.ts'))).replaceAll(sep, '/')
      if (!reached.has(imported)) waiting.push(imported)
      reached.add(imported)
    }
  }
  t.true(reached.size > 300)
  t.true([...embedded].every((file) => reached.has(file)))
})

test('the grammar knows nothing of the compiler', (t) => {
  for (const file of sources('grammar'))
    t.false(readFileSync(join(packageRoot(), file), 'utf8').includes("'../compiler"), file)
})

/** All that is written by hand, without the project of the pages. */
const folders = ['grammar', 'compiler', 'runtime', 'cli', 'editors', 'bench', 'test']

/** Files of the project that a file imports: types and imports that wait until they are needed, too. */
function importsOf(file: string, files: ReadonlySet<string>): readonly string[] {
  const text = readFileSync(join(packageRoot(), file), 'utf8')
  return [...text.matchAll(/(?:from |^import |\bimport\()'(\.[^']+)\.js'/gm)].flatMap(([, specifier = '']) => {
    const imported = `${normalize(join(file, '..', specifier))}.ts`
    return files.has(imported) ? [imported] : []
  })
}

test('no file imports itself, by way of any others', (t) => {
  const files = new Set(folders.flatMap(sources).filter((file) => !file.includes(`node_modules${sep}`)))
  t.true(files.size > 500)
  const imports = new Map([...files].map((file) => [file, importsOf(file, files)]))
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
    if (done.has(file) || path.includes(file)) return
    for (const imported of imports.get(file) ?? []) visit(imported, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  t.deepEqual(circles, [])
})

test('no code outside of an operation asks for its name', (t) => {
  // The elaborator adds these itself: for `training ? a : b`, for shared tensors beside those of the images, and for losses of each image.
  const ofSyntax = new Set(['by_phase', 'per_image', 'batch_mean'])
  const names = [...operations.keys()].filter((name) => !ofSyntax.has(name)).join('|')
  // `kind === 'log'` asks for a variant of a message or of an expression, `side === 'min'` for a bound.
  const asks = new RegExp(
    `(?:(?<!(?:kind|side) )(?:===|!==)|\\bcase|operationNamed\\(|operations\\.get\\() ?'(?:${names})'`,
  )
  const files = ['compiler', 'runtime', 'cli', 'editors']
    .flatMap(sources)
    .filter((file) => !file.startsWith(join('compiler', 'ops')))
  // `pool === 'mean'` is a word of an argument, inside an operation's own function.
  for (const file of files.filter((one) => !one.startsWith(join('runtime', 'operations'))))
    t.false(asks.test(readFileSync(join(packageRoot(), file), 'utf8')), file)
})

test('the runtime is built in the floors that ARCHITECTURE.md shows', (t) => {
  const page = readFileSync(join(packageRoot(), 'ARCHITECTURE.md'), 'utf8')
  const table = page.slice(page.indexOf('### The floors of the runtime'), page.indexOf('## Invariants'))
  const floors = new Map<string, number>()
  let floor = 0
  for (const [, heading = '', folders = ''] of table.matchAll(/^\| (\d?)[^|]*\| (`[^|]+`) \|/gm)) {
    if (heading !== '') floor = Number(heading)
    for (const [, folder = ''] of folders.matchAll(/`(\w+)\/`/g)) floors.set(folder, floor)
  }
  const folders = readdirSync(join(packageRoot(), 'runtime'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )
  t.deepEqual([...floors.keys()].sort(), folders.map(({ name }) => name).sort())
  const upward = sources('runtime').flatMap((file) => {
    const own = floors.get(file.split(sep)[1] ?? '')
    const imported = readFileSync(join(packageRoot(), file), 'utf8').matchAll(/(?:from |import\()'(\.[^']+)'/g)
    return [...imported].flatMap(([, specifier = '']) => {
      const target = floors.get(relative('runtime', join(file, '..', specifier)).split(sep)[0] ?? '')
      return own !== undefined && target !== undefined && target > own ? [`${file} imports ${specifier}`] : []
    })
  })
  t.deepEqual(upward, [])
})
