import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { NamedFact } from '../../compiler/analysis/analysis_facts.js'
import type { Occurrence } from '../../compiler/analysis/name_resolver.js'
import type { Value } from '../../compiler/analysis/values.js'
import { keyOf, Random } from '../../compiler/random.js'
import { Workspace } from '../../editors/language/workspace.js'
import { packageRoot } from '../../runtime/package_root.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { ModelGenerator } from '../fuzz/models/generate.js'

/**
 * Editors resolve names from the text alone, the analysis while it evaluates. Both must find the same definition for every name that is
 * evaluated, and neither may know a name that the other does not. WSBAN_SEED chooses other changes.
 */
const seed = Number(process.env.WSBAN_SEED ?? 1)
const library = diskLibrary()

test('editors and the analysis resolve names alike in every model, block and fixture', (t) => {
  const folders = ['models', 'test/fixtures/diagnostics', 'test/fuzz/models/cases']
  const files = folders.flatMap((folder) =>
    readdirSync(join(packageRoot(), folder), { recursive: true, encoding: 'utf8' })
      // The bound on calls is reached within a block, whose parameters then have the values of several calls.
      .filter((file) => file.endsWith('.wsban') && file !== 'too_many_calls.wsban')
      .map((file) => join(packageRoot(), folder, file)),
  )
  t.true(files.length > 40, `${files.length} files`)
  const compared = files.map((file) => compare(file, readFileSync(file, 'utf8')))
  t.deepEqual(
    compared.flatMap(({ differences }) => differences),
    [],
  )
  t.true(compared.reduce((sum, { names }) => sum + names, 0) > 1000)
})

test('they resolve names alike in generated models, and with names exchanged', (t) => {
  const random = new Random(keyOf(seed, 'name resolution'))
  let names = 0
  for (let round = 0; round < 60; round++) {
    const text = new ModelGenerator(random).model()
    for (const changed of [text, ...Array.from({ length: 4 }, () => withNameExchanged(text, random))]) {
      const compared = compare('generated.wsban', changed)
      t.deepEqual(compared.differences, [], changed)
      names += compared.names
    }
  }
  t.true(names > 2000, `${names} names`)
})

interface Compared {
  readonly names: number
  readonly differences: readonly string[]
}

function compare(source: string, text: string): Compared {
  const { facts, names, diagnostics, file } = new Workspace(library).analysis(source, text)
  // Where the parser recovers, the tree is a guess at what is written.
  if (diagnostics.some(({ code }) => code === 'unexpected-token')) return { names: 0, differences: [] }
  const branches = file.models.flatMap(({ items }) => items.filter((item) => item.kind === 'branch'))
  // A branch may run on another tensor than the one its parameter names: its value is that of the last call.
  const isBranchParameter = (name: string, start: number) =>
    branches.some(
      ({ span, parameters }) =>
        span.start <= start && start < span.end && parameters.some((parameter) => parameter.name.text === name),
    )
  const occurrences = new Map(names.occurrences.map((occurrence) => [occurrence.span.start, occurrence]))
  const unknown = new Set(
    diagnostics
      .filter(
        ({ code, primary: { span } }) => ['unknown-name', 'unknown-member'].includes(code) && span.source === source,
      )
      .map(({ primary: { span } }) => span.start),
  )
  const differences: string[] = []
  let compared = 0
  for (const { index: start, 0: name } of text.matchAll(/\b(?!true\b|false\b)[A-Za-z_]\w*/g)) {
    const place = `${source}:${text.slice(0, start).split('\n').length}: ${name}`
    const occurrence = occurrences.get(start)
    const value = facts.valueAt(start, start + name.length)
    if (unknown.has(start)) {
      compared++
      if (occurrence)
        differences.push(`${place} is unknown to the analysis, and ${occurrence.definition.kind} to editors`)
    } else if (value && value.kind !== 'error') {
      compared++
      if (!occurrence) differences.push(`${place} is ${value.kind} to the analysis, and unknown to editors`)
      else if (!isBranchParameter(name, start) && !refersTo(occurrence, value, (at) => facts.nameAt(at), source))
        differences.push(`${place} refers to different definitions`)
    }
  }
  return { names: compared, differences }
}

function refersTo(
  { definition }: Occurrence,
  value: Value,
  factAt: (start: number) => NamedFact | undefined,
  source: string,
): boolean {
  if (value.kind === 'function') return definition.function?.name === value.name
  if (definition.span === undefined) return ['operation', 'phase', 'backbone'].includes(value.kind)
  const fact = definition.span.source === source ? factAt(definition.span.start) : undefined
  return fact === undefined || identity(fact.value) === identity(value)
}

/** A text that is the same for the same value, wherever it was evaluated. */
function identity(value: Value): string {
  switch (value.kind) {
    case 'tensor':
      return `tensor ${value.ref.node}.${value.ref.output}`
    case 'instance':
      return `instance ${value.of} ${value.result ? identity(value.result) : ''} ${[...value.members.keys()].join()}`
    case 'definition':
      return `definition ${value.definition.span.start}`
    case 'operation':
      return `operation ${value.operation.name}`
    default:
      return JSON.stringify(value)
  }
}

/** Puts one name of the text in the place of another, or a name that is not defined. */
function withNameExchanged(text: string, random: Random): string {
  const tokens = [...text.matchAll(/[A-Za-z_]\w*/g)]
  const pick = () => tokens[random.integer(tokens.length)]
  const [target, replacement] = [pick(), pick()]
  if (!target || !replacement) return text
  const name = random.integer(4) === 0 ? 'undefined_name' : replacement[0]
  return text.slice(0, target.index) + name + text.slice(target.index + target[0].length)
}
