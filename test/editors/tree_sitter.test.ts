import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Language, Parser } from 'web-tree-sitter'
import { keyOf, Random } from '../../compiler/random.js'
import { parse, type SyntaxProblem } from '../../grammar/parse.js'
import { packageRoot } from '../../runtime/package_root.js'
import { mutated } from '../support/mutations.js'
import { shapeOfFile, shapeOfNode } from '../support/syntax_shapes.js'

const folder = join(packageRoot(), 'editors', 'tree-sitter')

async function treeSitter(): Promise<(text: string) => ReturnType<typeof shapeOfNode> | undefined> {
  await Parser.init()
  const parser = new Parser()
  parser.setLanguage(await Language.load(readFileSync(join(folder, 'tree-sitter-wsban.wasm'))))
  return (text) => {
    const tree = parser.parse(text)
    if (!tree) throw new Error('tree-sitter was cancelled')
    const shape = tree.rootNode.hasError ? undefined : shapeOfNode(tree.rootNode)
    tree.delete()
    return shape
  }
}

/** Rules about the text of a name, a number or a round's name, which only the compiler checks. */
function beyondGrammar({ kind, expected }: SyntaxProblem): boolean {
  return kind === 'misnamed' || expected === 'a name without quotes' || expected === 'a unit'
}

/** Compares both parsers on a text, and returns whether they accept it. Nesting beyond the compiler's limit is not compared. */
function same(t: ExecutionContext, text: string, where: string): boolean {
  const { file, problems } = parse('test', text)
  if (problems.some(({ kind }) => kind === 'too-deep')) return false
  const expected = problems.every(beyondGrammar) ? shapeOfFile(file) : undefined
  t.deepEqual(parsed(text), expected, where)
  return expected !== undefined
}

function specsBelow(path: string): string[] {
  return readdirSync(join(packageRoot(), path), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.wsban'))
    .map((file) => join(path, file))
    .sort()
}

/** Returns the fenced examples of a page: files, and parts of one. */
function fences(page: string): string[] {
  const text = readFileSync(join(packageRoot(), page), 'utf8')
  return [...text.matchAll(/^```wsban.*\n([\s\S]*?)^```$/gm)].map(([, body = '']) => body)
}

const inBlock = (text: string) => `block b(x) {\n${text}\n}`
const inModel = (text: string) => `model m {\n${text}\n}`

const parsed = await treeSitter()

test('the grammar reads every spec of the repository as the compiler does', (t) => {
  const files = [...specsBelow('models'), ...specsBelow('test')]
  let [accepted, rejected] = [0, 0]
  for (const file of files) {
    const text = readFileSync(join(packageRoot(), file), 'utf8')
    if (same(t, text, file)) accepted++
    else rejected++
  }
  t.true(accepted > 150 && rejected > 5, `${accepted} accepted, ${rejected} rejected`)
})

test('it reads the examples of every page as the compiler does, whole or as part of a block or model', (t) => {
  const pages = [
    'README.md',
    ...readdirSync(join(packageRoot(), 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md') && !file.includes('node_modules'))
      .map((file) => `docs/${file}`),
  ]
  let accepted = 0
  for (const page of pages)
    for (const text of fences(page))
      for (const whole of [text, inBlock(text), inModel(text)]) if (same(t, whole, `${page}:\n${whole}`)) accepted++
  t.true(accepted > 200, `${accepted} accepted`)
})

test('it decides by the tokens after a comma, a unit or a keyword as the compiler does', (t) => {
  const bodies = [
    'return a, b',
    'return a, b = c',
    'return a, b == c',
    'return a,',
    'return a, return b',
    'return a, "7" = c',
    'x = 16 epochs = 80',
    'x = 16 epochs epochs = 80',
    'x = 16 epochs, epochs = 80',
    'x = 16 % y = 3',
    'x = a.train.block.model("repeat").2.1."7"',
    'x = f(train = 1, repeat = 2, true = 3, epochs = 4)',
    'x = f(repeat 3 y = a { return y })',
    'x = repeat 3 epochs = a { return epochs }',
    'x = repeat 3 steps as i, y = a { return y }',
    'x = repeat 3 as = a { return as }',
    'x = repeat as as as, as = as named "a{as}" { return as }',
    'x = - - -a.b(c)[1] - -2',
    'x = a < b < c',
    'x = a ? b : c ? d : e',
    'x = a -> b -> -c',
    'x = f(a,) y = [a,] z = f(,)',
    'x = (a,)',
    'x = a.train(b,) y = a.1(b,) z = a."7"(b,)',
    'x = 2(b,) y = 2%(b,) z = 2 epochs(b,) u = "s"(b,) v = true(b,)',
    'x = repeat 2 y = a { return y }(b,)',
    'x = a.train((b,))',
    'x = a ? (b,) : c',
    'x = f(a: 1)',
    'x: 1',
    "x = 'a'",
    '# x = a',
    'from = as named = step augment = from',
    'return = a',
    'x = 1.5e-3 + 2e5 - 1.e',
    'x = 12abc',
    'x = "a\\"b\\n" -> f',
    'x = "a\nb"',
  ]
  const models = [
    'input from: Image[3, 4,] { resize(2) crop, 3 epochs -1 (a) [b] }',
    'train { augment image { flip 3 epochs } augment = 3 epochs = 4, a = b }',
    'train { augment augment { } }',
    'branch a = b(c) branch d(e) { return e } predict p = q loss { a = b, c = d }',
    'train { batch = 16\n epochs = 80 }',
  ]
  const texts = [...bodies.map(inBlock), ...models.map(inModel), 'import from, as from "x"', 'import a from', '']
  const accepted = texts.filter((text) => same(t, text, text))
  t.true(accepted.length > 15 && accepted.length < texts.length - 10, `${accepted.length} of ${texts.length} accepted`)
})

test('it accepts a changed spec where the compiler does', (t) => {
  let accepted = 0
  for (let seed = 1; seed <= 3000; seed++) {
    const text = mutated(new Random(keyOf(seed, 'tree-sitter')))
    if (same(t, text, `seed ${seed}:\n${text}`)) accepted++
  }
  t.true(accepted > 300, `${accepted} accepted`)
})
