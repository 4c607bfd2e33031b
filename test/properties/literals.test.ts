import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import * as z from 'zod'
import { packageRoot } from '../../runtime/package_root.js'
import { python, runPython } from '../support/python.js'
import { exported } from './literals/onnx.js'
import {
  compiled,
  filesOf,
  harmlessNames,
  harmlessTexts,
  hostileClasses,
  hostileNames,
  hostileTexts,
  type Texts,
} from './literals/specs.js'
import { differsFromTwin, statementsOf } from './literals/typescript.js'

/**
 * Text of a spec and its metadata is data in every target. Independent parsers verify it: TypeScript's, Python's, protobuf's. Each spec is compared
 * with a twin in which every text or every name is harmless. WSBAN_LITERALS is their number.
 */
const count = Number(process.env.WSBAN_LITERALS ?? 60)
const seed = Number(process.env.WSBAN_SEED ?? 1)
const hasPython = spawnSync(python, ['-c', 'import ast']).status === 0
const noPython = `Python's parser was not asked: there is no ${python} (WSBAN_PYTHON names another)`

const folder = mkdtempSync(join(tmpdir(), 'wsban-literals-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

function needed(texts: Texts, names: readonly string[]) {
  const spec = compiled(texts, names)
  if (!spec) throw new Error('the spec does not compile')
  return spec
}

type Pair = readonly [text: string, twin: string, renamed: boolean]

function wrongInPython(pairs: readonly Pair[]): (string | null)[] {
  if (pairs.length === 0) return []
  const script = join(packageRoot(), 'test', 'properties', 'literals', 'check_python.py')
  return z.array(z.string().nullable()).parse(JSON.parse(runPython([script], JSON.stringify(pairs))))
}

/** Returns the text after encoding as UTF-8, which cannot represent a lone surrogate. */
function onDisk(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}

test('no text escapes from its literal or comment', async (t) => {
  const plain = needed(harmlessTexts, harmlessNames)
  const twins = filesOf(plain)
  const asGiven = ['one', 'two', 'three']
  const twinOnnx = await exported(plain, asGiven, join(folder, 'twin.onnx'))
  const pairs: Pair[] = []
  let specs = 0
  await fc.assert(
    fc.asyncProperty(hostileTexts, hostileClasses, async (texts, classes) => {
      const spec = needed(texts, harmlessNames)
      specs++
      const files = filesOf(spec)
      const given = new Map(
        Object.entries(harmlessTexts).map(([role, harmless]) => [harmless, texts[role as keyof Texts]]),
      )
      for (const [path, text] of files.typescript) {
        const twin = twins.typescript.get(path) ?? ''
        if (path === 'spec.json') t.deepEqual(JSON.parse(text), spec.stored)
        else if (path.endsWith('.json')) t.is(text, twin)
        else t.is(differsFromTwin(onDisk(text), twin, given), undefined, path)
      }
      for (const [path, text] of files.python) {
        const twin = twins.python.get(path) ?? ''
        if (path.endsWith('.py')) pairs.push([onDisk(text), twin, false])
        else t.is(text.split(/[\n\r\v\f\x85\u2028\u2029]/).length, twin.split('\n').length, path)
      }
      const onnx = await exported(spec, classes, join(folder, 'hostile.onnx'))
      t.is(onnx.structure, twinOnnx.structure)
      t.deepEqual([...onnx.metadata.keys()], [...twinOnnx.metadata.keys()])
      t.deepEqual(JSON.parse(onnx.metadata.get('classes') ?? ''), classes)
      t.deepEqual(JSON.parse(onnx.metadata.get('spec') ?? ''), spec.stored)
      for (const [index, doc] of onnx.docs.entries()) {
        t.is(doc === '', twinOnnx.docs[index] === '')
        t.is(onDisk(doc), doc, 'not to be said in UTF-8')
        t.true(doc === '' || doc.startsWith(onDisk(texts.path)), doc)
      }
    }),
    { numRuns: count, seed, includeErrorInReport: true },
  )
  const wrong = hasPython ? wrongInPython(pairs) : []
  for (const [index, reason] of wrong.entries()) t.is(reason, null, pairs[index]?.[0])
  t.log(`${specs} specs, ${hasPython ? `${wrong.length} Python files` : noPython}`)
})

test('no name means something else in the code of a target', (t) => {
  const twins = filesOf(needed(harmlessTexts, harmlessNames))
  const pairs: Pair[] = []
  let refused = 0
  fc.assert(
    fc.property(hostileNames, (names) => {
      const spec = compiled(harmlessTexts, names)
      if (!spec) {
        refused++
        return
      }
      const files = filesOf(spec)
      for (const [path, text] of files.typescript)
        if (path.endsWith('.ts')) t.is(statementsOf(text), statementsOf(twins.typescript.get(path) ?? ''), text)
      for (const [path, text] of files.python)
        if (path === 'model.py') pairs.push([text, twins.python.get(path) ?? '', true])
    }),
    { numRuns: count, seed, includeErrorInReport: true },
  )
  const wrong = hasPython ? wrongInPython(pairs) : []
  for (const [index, reason] of wrong.entries()) t.is(reason, null, pairs[index]?.[0])
  t.true(refused < count / 2, `${refused} of ${count} refused`)
  t.log(
    `${count - refused} specs, ${refused} refused by the checker; ${hasPython ? `${wrong.length} Python files` : noPython}`,
  )
})
