import { writtenName } from '../../grammar/names.js'
import type { Expression } from '../../grammar/tree.js'
import type { Fix } from '../diagnostics/diagnostic.js'
import { type Code, type Entry, table, type ValuesOf } from '../diagnostics/table.js'
import type { ArgumentSpec, Operation } from '../ops/operation.js'
import { type Call, type Context, sourceText } from './elaboration.js'
import { type BoundArgument, tensorOf, type Value } from './values.js'

/** Returns a fix that adds a missing argument: a matching name in scope, otherwise a valid value. */
export function givingArgument(name: string, call: Call, spec?: ArgumentSpec): Fix | undefined {
  const known = call.context.scope.find(name)
  const fits = known && (!spec || (tensorOf(known) !== undefined) === spec.kind.is.startsWith('tensor'))
  const value = fits ? name : spec && possible(spec)
  if (value === undefined) return undefined
  const { source, end } = call.span
  const argument = `${name} = ${value}`
  const place = call.bare ? end : end - 1
  const text = call.bare ? `(${argument})` : call.list.length > 0 ? `, ${argument}` : argument
  return { title: `Add ${argument}`, edits: [{ span: { source, start: place, end: place }, text }] }
}

/** A call that lacks its first tensor, written with one in both ways, if there is one. */
export function callsWithInput(operation: Operation, spec: ArgumentSpec, call: Call): readonly string[] | undefined {
  if (spec !== operation.arguments[0] || spec.label || !spec.kind.is.startsWith('tensor') || call.given)
    return undefined
  const input = likelyInput(call.context)
  if (input === undefined) return undefined
  const others = call.list.map(({ name, value }) => (name ? `${name.text} = ${shortText(value)}` : shortText(value)))
  const piped = others.length > 0 ? `(${others.join(', ')})` : ''
  return [`${call.callee}(${[input, ...others].join(', ')})`, `${input} -> ${call.callee}${piped}`]
}

/** In a loss or a prediction the logits of the last branch, elsewhere the latest tensor. */
function likelyInput({ scope, frame, path }: Context): string | undefined {
  const section = frame.kind === 'model' && path.length > 0
  const answers = (value: Value) => value.kind === 'instance' && isTensor(value.members.get('logits'))
  const branch = section ? scope.last(answers) : undefined
  const input = branch === undefined ? scope.last(isTensor) : undefined
  if (branch !== undefined) return `${writtenName(branch)}.logits`
  return input === undefined ? undefined : writtenName(input)
}

function isTensor(value: Value | undefined): boolean {
  const tensor = value && tensorOf(value)
  return tensor !== undefined && tensor.type.element !== 'label'
}

/** For a call whose first value is a number where a tensor belongs: the call with its tensor in front. */
export function inputLeftOut(
  operation: Operation,
  spec: ArgumentSpec,
  { value, expression }: BoundArgument,
  call: Call,
): readonly string[] | undefined {
  const [first] = call.list
  if (call.piped || !expression || first?.name || first?.value !== expression) return undefined
  const constant = value.kind === 'number' || value.kind === 'boolean' || value.kind === 'list'
  return constant && spec.kind.is !== 'tensor or number' ? callsWithInput(operation, spec, call) : undefined
}

/** The source text of a value, if it is short. */
function shortText(expression: Expression): string {
  switch (expression.kind) {
    case 'number': {
      const { value, unit } = expression
      if (unit === 'percent') return `${Number((value * 100).toPrecision(12))}%`
      return unit ? `${value} ${unit}` : String(value)
    }
    case 'negate':
      return `-${shortText(expression.operand)}`
    case 'boolean':
      return String(expression.value)
    case 'string':
      return JSON.stringify(expression.value)
    case 'list':
      return `[${expression.items.map(shortText).join(', ')}]`
    default:
      return plain(expression) ? sourceText(expression) : '...'
  }
}

/** A value that the argument accepts; none for a tensor, since any could be meant. */
function possible({ kind }: ArgumentSpec): string | undefined {
  switch (kind.is) {
    case 'boolean':
      return 'true'
    case 'word':
      return kind.words[0]
    case 'axes':
      return 'last'
    case 'number':
    case 'number or uniform':
    case 'integer':
    case 'pair':
      return String(kind.from ?? 1)
    default:
      return undefined
  }
}

/** Resizes one of two maps like the other, where both are written as plain names. */
export function resizing<C extends Code>(
  code: C,
  failure: ValuesOf<C>,
  values: ReadonlyMap<string, readonly BoundArgument[]>,
): Fix | undefined {
  const entry = table[code] as unknown as Entry<ValuesOf<C>>
  const wanted = entry.resize?.(failure)
  const [argument] = (wanted && values.get(wanted.argument)) ?? []
  const [like] = (wanted && values.get(wanted.like)) ?? []
  if (!argument?.expression || !like?.expression || !plain(like.expression)) return undefined
  const { source, start, end } = argument.expression.span
  const tail = `, like = ${sourceText(like.expression)})`
  return {
    title: `Resize ${wanted?.argument} like ${wanted?.like}`,
    edits: [
      { span: { source, start, end: start }, text: 'resize(' },
      { span: { source, start: end, end }, text: tail },
    ],
  }
}

function plain(expression: Expression): boolean {
  return expression.kind === 'member' ? plain(expression.object) : expression.kind === 'name'
}
