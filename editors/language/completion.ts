import { functions } from '../../compiler/analysis/functions/index.js'
import { argumentsOf, type FileNames } from '../../compiler/analysis/name_resolver.js'
import type { Definition, ResolvedName } from '../../compiler/analysis/resolved_name.js'
import type { Value } from '../../compiler/analysis/values.js'
import { operations } from '../../compiler/ops/index.js'
import { stepsLine, trainArguments, trainSettings } from '../../compiler/training/loop.js'
import type { SettingSpec } from '../../compiler/training/setting_spec.js'
import { settings } from '../../compiler/training/settings.js'
import { writtenMember, writtenName } from '../../grammar/names.js'
import { type Cursor, cursorAt, type Opening, type Range } from './cursor.js'
import { documentation, shortly, signatureOf } from './describe.js'
import { definitionAt, visibleAt } from './lookup.js'
import type { Analysis, Workspace } from './workspace.js'

export interface Completion {
  readonly label: string
  readonly kind: Definition['kind'] | 'keyword' | 'file'
  /** Its shape, value or signature. */
  readonly detail?: string | undefined
  /** Markdown. */
  readonly documentation?: string | undefined
  /** The inserted text, if it differs from the label. */
  readonly insert?: string
  /** Whether brackets are inserted as well, with the cursor between them. */
  readonly call?: boolean
  /** Smaller ranks come first. */
  readonly rank: number
}

export interface Completions {
  /** The range that the completions replace. */
  readonly replace: Range
  readonly items: readonly Completion[]
}

/** A placeholder name, inserted at the cursor so that an incomplete text can be parsed. */
const placeholder = 'written_here'

export function completionsAt(workspace: Workspace, source: string, text: string, offset: number): Completions {
  const cursor = cursorAt(text, offset)
  const { word, where } = cursor
  if (where === 'nowhere') return { replace: word, items: [] }
  const whole = where === 'statement' || where.startsWith('import') || word.text !== ''
  const tried = whole
    ? workspace.analysis(source, text)
    : workspace.analyse(source, text.slice(0, word.start) + placeholder + text.slice(word.end))
  const items = itemsFor({ cursor, analysis: tried, workspace, textOf: (name) => tried.texts.get(name) })
  return { replace: word, items: items.filter(({ label }) => label !== placeholder) }
}

interface Asked {
  readonly cursor: Cursor
  readonly analysis: Analysis
  readonly workspace: Workspace
  readonly textOf: (source: string) => string | undefined
}

function itemsFor(asked: Asked): Completion[] {
  const { cursor, workspace } = asked
  const inner = cursor.openings.at(-1)
  switch (cursor.where) {
    case 'import path':
      return workspace.standard.map((name) => ({ label: name, kind: 'file', rank: 0 }))
    case 'import name':
      return importNames(asked)
    case 'member':
      return members(asked)
    case 'statement':
      return statements(asked, inner)
    case 'argument':
      return [...argumentNames(asked, inner), ...values(asked, inner)]
    default:
      return values(asked, inner)
  }
}

/** Completes the blocks of the imported file, or of all standard files if none is named yet. */
function importNames({ cursor, analysis, workspace }: Asked): Completion[] {
  const item = analysis.file.imports.find(({ span }) => span.start <= cursor.word.start && cursor.word.end <= span.end)
  const paths = item?.from ? [item.from] : workspace.standard
  const blocks = paths.flatMap((path) => {
    const file = workspace.imported(path, analysis.source)
    return (file?.blocks ?? []).map(
      ({ name }): Completion => ({ label: name.text, kind: 'block', detail: path, rank: 0 }),
    )
  })
  const from: Completion = { label: 'from', kind: 'keyword', rank: 1 }
  return [...blocks, from]
}

/** Completes the members after a dot: from the analysis, or else from the text alone. */
function members({ cursor: { dot = 0 }, analysis }: Asked): Completion[] {
  const value = analysis.facts.valueEndingAt(dot)
  if (value?.kind === 'instance') return [...value.members].map(([label, member], index) => tap(label, member, index))
  const occurrence = analysis.names.occurrences.findLast(({ span }) => span.end === dot)
  const entity =
    occurrence && [...visibleAt(analysis.names, dot).values()].find((item) => item.definition === occurrence.definition)
  return entity
    ? [...entity.members().entries()].map(
        (
          [
            label,
            {
              definition: { kind },
            },
          ],
          rank,
        ) => ({ label, kind, rank, ...insertion(label, writtenMember(label)) }),
      )
    : []
}

function tap(label: string, member: Value, rank: number): Completion {
  return { label, kind: 'binding', detail: shortly(member), rank, ...insertion(label, writtenMember(label)) }
}

/** The inserted text, if it differs from the label. */
function insertion(label: string, written: string): Pick<Completion, 'insert'> {
  return written === label ? {} : { insert: written }
}

const statementWords: Readonly<Record<string, readonly string[]>> = {
  file: ['import', 'model', 'block'],
  model: ['input', 'branch', 'loss', 'predict', 'train'],
  block: ['return'],
  branch: [],
  repeat: ['return'],
}

function statements(asked: Asked, inner: Opening | undefined): Completion[] {
  const head = asked.cursor.openings.length <= 1 ? 'file' : (inner?.head ?? 'file')
  if (head === 'augment' || head === 'input') return settingNames(head === 'input' ? ['image step'] : imageKinds, asked)
  if (head === 'train') return trainLines(asked)
  return (statementWords[head] ?? []).map((label, rank) => ({ label, kind: 'keyword', rank }))
}

const imageKinds = ['image step', 'batch step'] as const

function trainLines({ textOf, analysis }: Asked): Completion[] {
  const said = new Set(analysis.file.models.flatMap(({ training }) => training.map(({ name }) => name.text)))
  const plain = trainArguments.map((argument): Completion => {
    const definition: Definition = { kind: 'argument', name: argument.name, argument }
    const detail = argument.default === undefined ? undefined : `default ${String(argument.default)}`
    const about = documentation(definition, textOf)
    return {
      label: argument.name,
      kind: 'argument',
      insert: `${argument.name} = `,
      detail,
      documentation: about,
      rank: 0,
    }
  })
  const chosen = Object.entries(trainSettings).map(([label, { kind }]): Completion => {
    const detail = [...settings.values()].flatMap((spec) => (spec.kind === kind ? [spec.name] : [])).join(', ')
    return { label, kind: 'argument', insert: `${label} = `, detail, rank: 0 }
  })
  const steps: Completion = {
    label: stepsLine.name,
    kind: 'argument',
    insert: `${stepsLine.name} = [`,
    detail: 'several optimizer steps on each batch',
    documentation: stepsLine.meaning,
    rank: 0,
  }
  const augment: Completion = { label: 'augment', kind: 'keyword', rank: 1 }
  return [...plain, ...chosen, steps, augment].filter(({ label }) => !said.has(label))
}

function settingNames(kinds: readonly SettingSpec['kind'][], { textOf }: Asked): Completion[] {
  return [...settings.values()]
    .filter(({ kind }) => kinds.includes(kind))
    .map((setting): Completion => {
      const definition: Definition = { kind: 'setting', name: setting.name, setting }
      return {
        label: setting.name,
        kind: 'setting',
        detail: setting.summary,
        documentation: documentation(definition, textOf),
        call: setting.arguments.some((argument) => argument.default === undefined),
        rank: 0,
      }
    })
}

/** The call around the cursor. */
export function calleeOf({ cursor, names }: { cursor: Cursor; names: FileNames }): Definition | undefined {
  const inner = cursor.openings.findLast(({ callee }) => callee)
  const { callee } = inner ?? {}
  if (!callee) return undefined
  const inTrain = cursor.openings.some(({ head }) => head === 'train' || head === 'augment' || head === 'input')
  const setting = inTrain ? settings.get(callee.text) : undefined
  if (setting) return { kind: 'setting', name: setting.name, setting }
  const written = names.occurrences.find(({ span }) => span.end === callee.end)
  const definition = written?.definition ?? definitionAt(names, callee.text, callee.start)
  return called(definition, names, callee.start)
}

/** `trunk(crop)` repeats the call that produced the trunk. */
function called(definition: Definition | undefined, names: FileNames, offset: number): Definition | undefined {
  const value = definition?.binding?.value ?? definition?.branch?.call
  if (value?.kind !== 'call' || value.callee.kind !== 'name') return definition
  return definitionAt(names, value.callee.text, Math.min(value.span.start, offset))
}

function argumentNames(asked: Asked, inner: Opening | undefined): Completion[] {
  const { cursor, analysis, textOf } = asked
  const definition = calleeOf({ cursor, names: analysis.names })
  if (!inner || !definition) return []
  const byPosition = inner.commas - inner.given.length + (inner.callee?.piped ? 1 : 0)
  return argumentsOf(definition)
    .filter(({ name }, index) => index >= byPosition && !inner.given.includes(name))
    .map((argument): Completion => {
      const standard = argument.argument?.default
      return {
        label: `${argument.name} =`,
        kind: 'argument',
        insert: `${argument.name} = `,
        detail: argument.argument?.meaning ?? (standard === undefined ? undefined : `default ${String(standard)}`),
        documentation: documentation(argument, textOf),
        rank: 0,
      }
    })
}

/** Completions for an expression. */
function values(asked: Asked, inner: Opening | undefined): Completion[] {
  const { cursor, analysis } = asked
  const assigned = cursor.assigned
  if (inner?.bracket === '{' && (inner.head === 'augment' || inner.head === 'input')) return statements(asked, inner)
  if (inner?.bracket === '{' && inner.head === 'train') {
    const chosen = Object.entries(trainSettings).find(([name]) => name === assigned)?.[1]
    if (chosen) return settingNames([chosen.kind], asked)
    return wordsOf(trainArguments.find(({ name }) => name === assigned)?.kind, ['group'], asked)
  }
  const definition = inner?.callee && calleeOf({ cursor, names: analysis.names })
  const argument = definition && argumentsOf(definition).find(({ name }) => name === assigned)?.argument
  const words = wordsOf(argument?.kind, [], asked)
  if (words.length > 0) return words
  return [...visible(asked), ...everyOperation(asked), ...everyFunction(asked), ...keywords]
}

function wordsOf(
  kind: { readonly is: string; readonly words?: readonly string[] } | undefined,
  others: readonly string[],
  asked: Asked,
): Completion[] {
  if (kind?.words) return kind.words.map((label, rank) => ({ label, kind: 'word', rank }))
  if (kind?.is === 'boolean') return ['true', 'false'].map((label, rank) => ({ label, kind: 'keyword', rank }))
  return kind || others.length === 0 ? [] : settingNames(['group'], asked)
}

const keywords: readonly Completion[] = ['repeat', 'true', 'false'].map((label) => ({
  label,
  kind: 'keyword',
  rank: 4,
}))

/** Completes the names in scope; after an arrow those that can be called. */
function visible({ cursor, analysis, textOf }: Asked): Completion[] {
  const found: [string, ResolvedName][] = [...visibleAt(analysis.names, cursor.word.start)]
  return found
    .filter(
      ([, { definition }]) =>
        !cursor.piped || definition.block || definition.kind === 'binding' || definition.kind === 'branch',
    )
    .map(([label, { definition }]): Completion => {
      const value = definition.span && analysis.facts.nameAt(definition.span.start)?.value
      return {
        label,
        kind: definition.kind,
        detail: definition.block ? signatureOf(definition, textOf).label : value && shortly(value),
        documentation: documentation(definition, textOf),
        ...(definition.block && { call: true }),
        ...insertion(label, writtenName(label)),
        rank: definition.block ? 2 : 1,
      }
    })
}

function everyFunction({ textOf }: Asked): Completion[] {
  return [...functions].map(([name, compileTime]): Completion => {
    const definition: Definition = { kind: 'function', name, function: compileTime }
    const detail = signatureOf(definition, textOf).label
    return {
      label: name,
      kind: 'function',
      detail,
      documentation: documentation(definition, textOf),
      call: true,
      rank: 3,
    }
  })
}

function everyOperation({ cursor, textOf }: Asked): Completion[] {
  return [...operations.values()].map((operation): Completion => {
    const definition: Definition = { kind: 'operation', name: operation.name, operation }
    const needed = operation.arguments.filter((argument) => argument.default === undefined).length
    return {
      label: operation.name,
      kind: 'operation',
      detail: signatureOf(definition, textOf).label,
      documentation: documentation(definition, textOf),
      call: !cursor.piped || needed > 1,
      rank: 3,
    }
  })
}
