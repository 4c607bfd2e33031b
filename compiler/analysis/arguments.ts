import type { Argument, Expression, Span, Unit } from '../../grammar/tree.js'
import { type PublishedBackbone, publishedBackbone } from '../backbones/published.js'
import { unknownBackbone } from '../backbones/unknown.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { nearest } from '../diagnostics/suggest.js'
import type { Attribute } from '../graph/graph.js'
import type { ArgumentSpec, Operation } from '../ops/operation.js'
import { axisWords } from '../ops/support/axes.js'
import { type BoundArgument, describe, isReported, type Value } from './values.js'

/** The parameters that an argument list is matched against. */
export interface Signature {
  readonly callee: string
  readonly names: readonly string[]
  /** Takes all positional values from its place on. */
  readonly variadic?: string
}

export function signatureOf({ name, arguments: list }: Operation): Signature {
  const variadic = list.find(({ kind }) => kind.is === 'tensors')?.name
  return { callee: name, names: list.map((spec) => spec.name), ...(variadic !== undefined && { variadic }) }
}

/** A value that is not yet bound to a name: an expression of the list, or the piped value. */
export type Given =
  | { readonly expression: Expression; readonly span: Span }
  | { readonly value: Value; readonly span: Span }

export interface Matched {
  readonly given: ReadonlyMap<string, readonly Given[]>
  readonly ok: boolean
}

/** Matches values with names: the piped one first, then those by position, then those by name. */
export function match(
  signature: Signature,
  piped: BoundArgument | undefined,
  list: readonly Argument[],
  span: Span,
  report: (d: Diagnostic) => void,
): Matched {
  const { callee, names, variadic } = signature
  const given = new Map<string, Given[]>()
  let ok = true
  const fail = (diagnostic: Diagnostic) => {
    report(diagnostic)
    ok = false
  }
  const positional: Given[] = piped ? [{ value: piped.value, span: piped.span }] : []
  for (const argument of list) if (!argument.name) positional.push({ expression: argument.value, span: argument.span })
  positional.forEach((item, index) => {
    const name = variadic && index >= names.indexOf(variadic) ? variadic : names[index]
    if (name !== undefined) given.set(name, [...(given.get(name) ?? []), item])
    else if (index === names.length)
      fail(
        diagnose(
          'too-many-arguments',
          { callee, most: names.length, given: positional.length, names },
          item.span.start === span.start ? span : item.span,
        ),
      )
  })
  for (const argument of list) {
    if (!argument.name) continue
    const name = argument.name.text
    if (!names.includes(name))
      fail(
        diagnose(
          'unknown-argument',
          { name, callee, known: names, suggestion: nearest(name, names) },
          argument.name.span,
        ),
      )
    else if (given.has(name)) fail(diagnose('repeated-argument', { name }, argument.name.span))
    else given.set(name, [{ expression: argument.value, span: argument.span }])
  }
  return { given, ok }
}

/** Whether the argument may have one value in training and another in inference. */
export function allowsPhases({ kind, varies, byPhase }: ArgumentSpec): boolean {
  return varies === true && byPhase !== false && (kind.is === 'number' || kind.is === 'number or uniform')
}

/** Returns an argument's constant as an attribute of the graph, after checking it; undefined if it was reported. */
export function constantOf(
  spec: ArgumentSpec,
  bound: BoundArgument,
  report: (d: Diagnostic) => void,
): Attribute | undefined {
  const { value, span } = bound
  const wrong = (expected = expectation(spec), found = describe(value)): undefined => {
    if (!isReported(value)) report(diagnose('wrong-type', { name: `\`${spec.name}\``, expected, found }, span))
    return undefined
  }
  const unit = strangeUnit(value, spec.counts)
  if (unit) {
    const found = value.kind === 'list' ? `a list with ${unit}` : describe(value)
    return wrong(spec.counts ? `a number of ${spec.counts}` : expectation(spec), found)
  }
  if (value.kind === 'by-phase') {
    if (!allowsPhases(spec)) {
      report(diagnose('not-a-constant', { what: `\`${spec.name}\`` }, span))
      return undefined
    }
    const training = constantOf(spec, { value: value.training, span }, report)
    const evaluation = constantOf(spec, { value: value.evaluation, span }, report)
    return training === undefined || evaluation === undefined ? undefined : { kind: 'by-phase', training, evaluation }
  }
  switch (spec.kind.is) {
    case 'tensor':
    case 'tensors':
      return unquoted(value, report) ? undefined : wrong()
    case 'tensor or number':
      if (value.kind === 'number') return inRange(spec, value.value, span, report, value.unit)
      return unquoted(value, report) ? undefined : wrong()
    case 'boolean':
      return value.kind === 'boolean' ? value.value : wrong()
    case 'word': {
      const { words, ofBackbone } = spec.kind
      if (ofBackbone && value.kind === 'string' && !words.includes(value.value))
        return backboneNamed(value.value, words, span, report)?.[ofBackbone]
      return wordOf(spec, words, bound, wrong, report)
    }
    case 'text':
      return value.kind === 'string' ? value.value : wrong()
    case 'number':
      if (spec.kind.words && value.kind === 'string') return wordOf(spec, spec.kind.words, bound, wrong, report)
      return value.kind === 'number' ? inRange(spec, value.value, span, report, value.unit) : wrong()
    case 'integer':
      return value.kind === 'number' ? inRange(spec, value.value, span, report, value.unit) : wrong()
    case 'number or uniform': {
      if (value.kind === 'number') return inRange(spec, value.value, span, report, value.unit)
      if (value.kind !== 'uniform') return wrong()
      const low = inRange(spec, value.low, span, report)
      const high = inRange(spec, value.high, span, report)
      return low === undefined || high === undefined ? undefined : { kind: 'uniform', low, high }
    }
    case 'pair': {
      if (value.kind === 'number') return inRange(spec, value.value, span, report)
      const numbers = numbersOf(value)
      if (numbers?.length !== 2) return wrong()
      return numbers.every((number) => inRange(spec, number, span, report) !== undefined) ? numbers : undefined
    }
    case 'colours': {
      if (value.kind === 'number') return inRange(spec, value.value, span, report, value.unit)
      if (value.kind === 'string') {
        const { named, ofBackbone } = spec.kind
        if (Object.hasOwn(named, value.value)) return named[value.value]
        return backboneNamed(value.value, Object.keys(named), span, report)?.normalization[ofBackbone]
      }
      const numbers = numbersOf(value)
      if (numbers?.length !== 3) return wrong()
      return numbers.every((number) => inRange(spec, number, span, report) !== undefined) ? numbers : undefined
    }
    case 'integers': {
      const numbers = numbersOf(value)
      return numbers?.every(isInt32) ? numbers : wrong(expectation(spec), withUnsuitable(value, isInt32))
    }
    case 'numbers': {
      const numbers = numbersOf(value)
      return numbers?.every(inSinglePrecision)
        ? numbers
        : wrong(expectation(spec), withUnsuitable(value, inSinglePrecision))
    }
    case 'axes': {
      if (value.kind === 'string') return wordOf(spec, axisWords, bound, wrong, report)
      const numbers = value.kind === 'number' ? [value.value] : numbersOf(value)
      if (!numbers?.every(isInt32)) return wrong(expectation(spec), withUnsuitable(value, isInt32))
      return value.kind === 'number' ? value.value : numbers
    }
  }
}

/** Returns the backbone that is named in place of one of the words; an unknown name is reported. */
function backboneNamed(
  name: string,
  words: readonly string[],
  span: Span,
  report: (d: Diagnostic) => void,
): PublishedBackbone | undefined {
  const backbone = publishedBackbone(name)
  if (!backbone) report(unknownBackbone(name, span, words))
  return backbone
}

/** Returns a unit after a number, or one of a list, that the argument does not accept. */
export function strangeUnit(value: Value, counts?: Unit): Unit | undefined {
  if (value.kind === 'list')
    return value.items.map((item) => strangeUnit(item, counts)).find((unit) => unit !== undefined)
  const counted = value.kind === 'number' && value.unit !== 'percent' ? value.unit : undefined
  return counted === counts ? undefined : counted
}

/** Reports a string that names a tensor, where it is written: a block may have passed it to several operations. */
function unquoted(value: Value, report: (d: Diagnostic) => void): boolean {
  if (value.kind !== 'string' || value.quoted === undefined) return false
  const found = {
    name: 'this',
    expected: 'a tensor',
    found: describe(value),
    instead: `without quotes: ${value.value}`,
    replacement: value.value,
  }
  report(diagnose('wrong-type', found, value.quoted))
  return true
}

function wordOf(
  spec: ArgumentSpec,
  words: readonly string[],
  bound: BoundArgument,
  wrong: () => undefined,
  report: (d: Diagnostic) => void,
): string | undefined {
  const name = bound.word ?? (bound.value.kind === 'string' ? bound.value.value : undefined)
  if (name === undefined) return wrong()
  if (words.includes(name)) return name
  report(
    diagnose('unknown-word', { name, argument: spec.name, known: words, suggestion: nearest(name, words) }, bound.span),
  )
  return undefined
}

function numbersOf(value: Value): number[] | undefined {
  if (value.kind !== 'list') return undefined
  const numbers = value.items.flatMap((item) => (item.kind === 'number' ? [item.value] : []))
  return numbers.length === value.items.length ? numbers : undefined
}

/** Describes a value, and for a list its first item that is not a fitting number: `a list with the number 4.5`. */
function withUnsuitable(value: Value, fits: (number: number) => boolean): string {
  const item =
    value.kind === 'list' ? value.items.find((one) => !(one.kind === 'number' && fits(one.value))) : undefined
  return item ? `a list with ${describe(item)}` : describe(value)
}

interface Bounds {
  readonly from?: number
  readonly to?: number
  readonly above?: number
  readonly below?: number
}

function boundsOf({ kind }: ArgumentSpec): Bounds & { readonly whole: boolean } {
  const whole = kind.is === 'integer' || kind.is === 'pair'
  switch (kind.is) {
    case 'integer':
    case 'number':
    case 'number or uniform':
    case 'pair':
    case 'colours':
      return { ...kind, whole }
    default:
      return { whole }
  }
}

function inRange(
  spec: ArgumentSpec,
  number: number,
  span: Span,
  report: (d: Diagnostic) => void,
  unit?: Unit,
): number | undefined {
  const { from, to, above, below, whole } = boundsOf(spec)
  const fits =
    (whole ? isInt32(number) : inSinglePrecision(number)) &&
    (from === undefined || number >= from) &&
    (to === undefined || number <= to) &&
    (above === undefined || number > above) &&
    (below === undefined || number < below)
  if (fits) return number
  report(
    diagnose(
      'out-of-range',
      {
        name: spec.name,
        value: unit === 'percent' ? `${shown(number * 100)}%` : shown(number),
        range: representable(number, whole) ? rangeText(spec) : whole ? int32 : singlePrecision,
        advice: spec.advice,
      },
      span,
    ),
  )
  return undefined
}

function representable(number: number, whole: boolean): boolean {
  if (!Number.isFinite(number)) return true
  return whole ? !Number.isInteger(number) || isInt32(number) : inSinglePrecision(number)
}

const int32 = 'a whole number below 2147483648'

/** In the targets, sizes and strides are 32-bit integers. */
function isInt32(number: number): boolean {
  return Number.isInteger(number) && Math.abs(number) < 2 ** 31
}

const singlePrecision = 'a number that single precision holds, from 1.2e-38 to 3.4e38 in size'

/** Engines may flush subnormal numbers to zero. */
function inSinglePrecision(number: number): boolean {
  const size = Math.abs(Math.fround(number))
  return number === 0 || (size >= 2 ** -126 && size < Number.POSITIVE_INFINITY)
}

/** Formats a number without binary rounding noise. */
function shown(number: number): string {
  return String(Number(number.toPrecision(12)))
}

function rangeText(spec: ArgumentSpec): string {
  const { from, to, above, below, whole } = boundsOf(spec)
  const parts = [
    from !== undefined && to !== undefined
      ? `from ${from} to ${to}`
      : from !== undefined
        ? `at least ${from}`
        : to !== undefined
          ? `at most ${to}`
          : '',
    above !== undefined ? `above ${above}` : '',
    below !== undefined ? `below ${below}` : '',
  ].filter((part) => part !== '')
  const range = [whole ? 'a whole number' : 'a number', parts.join(' and ')].filter((part) => part !== '').join(' ')
  const { kind } = spec
  return kind.is === 'number' && kind.words ? [range, ...kind.words].join(' or ') : range
}

function expectation(spec: ArgumentSpec): string {
  switch (spec.kind.is) {
    case 'tensor':
    case 'tensors':
      return 'a tensor'
    case 'tensor or number':
      return 'a tensor or a number'
    case 'boolean':
      return 'true or false'
    case 'word':
      return `one of ${spec.kind.words.join(', ')}`
    case 'number or uniform':
      return 'a number or uniform(low, high)'
    case 'pair':
      return 'a whole number or two: [height, width]'
    case 'colours':
      return `a number, three numbers [red, green, blue], ${Object.keys(spec.kind.named).join(', ')}, or a published backbone`
    case 'integers':
      return 'a list of whole numbers'
    case 'numbers':
      return 'a list of numbers'
    case 'text':
      return 'a text in quotes'
    case 'axes':
      return `one of ${axisWords.join(', ')}, a whole number, or a list of whole numbers`
    default:
      return rangeText(spec)
  }
}
