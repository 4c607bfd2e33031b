import { present } from '../../grammar/present.js'
import type { Binding, Expression, Span } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { nearest } from '../diagnostics/suggest.js'
import type { Setting } from '../graph/graph.js'
import type { ArgumentSpec } from '../ops/operation.js'
import type { SettingSpec } from '../training/setting_spec.js'
import { settingNames, settings } from '../training/settings.js'
import { constantOf, match } from './arguments.js'
import type { Context } from './elaboration.js'
import type { Elaborator } from './elaborator.js'
import { placeOf } from './naming.js'
import type { Value } from './values.js'

type Constant = Setting['arguments'][string]

/** Returns a setting with all defaults. */
export function standardSetting(elaborator: Elaborator, name: string, given: Setting['arguments'] = {}): Setting {
  const spec = present(settings.get(name), `the setting ${name}`)
  return { name, arguments: { ...defaultsOf(elaborator, spec), ...given } }
}

function defaultsOf(elaborator: Elaborator, spec: SettingSpec): Setting['arguments'] {
  const entries = spec.arguments.flatMap((argument) => {
    const standard = elaborator.defaultOf(spec.name, argument)
    return standard === undefined || standard === null ? [] : [[argument.name, standard] as const]
  })
  return Object.fromEntries(entries)
}

/** `sgd(rate = 1e-3)` or `cosine`: a setting of the expected kind (or of the others), or undefined after it was reported. */
export function setting(
  elaborator: Elaborator,
  expression: Expression,
  context: Context,
  kind: SettingSpec['kind'],
  ...others: readonly SettingSpec['kind'][]
): Setting | undefined {
  const callee = expression.kind === 'call' ? expression.callee : expression
  const list = expression.kind === 'call' ? expression.arguments : []
  if (expression.kind === 'missing') return undefined
  const kinds = [kind, ...others]
  const known = kinds.flatMap(settingNames)
  if (callee.kind !== 'name') {
    elaborator.report(
      diagnose(
        'wrong-type',
        {
          name: /^[aeio]/.test(kind) ? `an ${kind}` : `a ${kind}`,
          expected: `one of ${known.join(', ')}`,
          found: 'something else',
        },
        expression.span,
      ),
    )
    return undefined
  }
  const spec = settings.get(callee.text)
  if (!spec || !kinds.includes(spec.kind)) {
    elaborator.report(
      diagnose(
        'unknown-word',
        { name: callee.text, argument: kind, known, suggestion: nearest(callee.text, known) },
        callee.span,
      ),
    )
    return undefined
  }
  const given = settingArguments(elaborator, spec, list, expression.span, context)
  return given && { name: spec.name, arguments: given }
}

/** Returns the arguments of a setting with defaults; undefined after a reported problem. */
export function settingArguments(
  elaborator: Elaborator,
  spec: SettingSpec,
  list: Extract<Expression, { kind: 'call' }>['arguments'],
  span: Span,
  context: Context,
): Setting['arguments'] | undefined {
  const names = spec.arguments.map(({ name }) => name)
  const { given, ok } = match({ callee: spec.name, names }, undefined, list, span, elaborator.report)
  if (!ok) return undefined
  const result: Record<string, Constant> = { ...defaultsOf(elaborator, spec) }
  for (const argument of spec.arguments) {
    const [item] = given.get(argument.name) ?? []
    if (item && 'expression' in item) {
      const constant = constantIn(elaborator, argument, item.expression, context)
      if (constant === undefined) return undefined
      result[argument.name] = constant
    } else if (argument.default === undefined) {
      elaborator.report(
        diagnose('missing-argument', { callee: spec.name, name: argument.name, meaning: argument.meaning }, span),
      )
      return undefined
    }
  }
  return result
}

/** A line of the train block with a single value, which is checked like an argument. */
export function plainSetting(
  elaborator: Elaborator,
  callee: string,
  spec: ArgumentSpec,
  binding: Binding | undefined,
  context: Context,
): Constant {
  const standard = elaborator.defaultOf(callee, spec)
  if (standard === undefined || standard === null) throw new Error(`${spec.name} has no default`)
  return (binding && constantIn(elaborator, spec, binding.value, context)) ?? standard
}

function constantIn(
  elaborator: Elaborator,
  spec: ArgumentSpec,
  expression: Expression,
  context: Context,
): Constant | undefined {
  const word = namedWord(spec, expression)
  const value: Value =
    word !== undefined
      ? { kind: 'string', value: word }
      : elaborator.evaluate(expression, context, placeOf(expression, [], context.scope))
  const constant = constantOf(spec, { value, span: expression.span }, elaborator.report)
  // No argument of a setting is drawn or depends on the phase.
  return typeof constant === 'object' && 'kind' in constant ? undefined : constant
}

/** A bare word, where the argument takes one. */
function namedWord({ kind }: ArgumentSpec, expression: Expression): string | undefined {
  if (expression.kind !== 'name') return undefined
  const known =
    (kind.is === 'word' && (kind.ofBackbone === undefined || kind.words.includes(expression.text))) ||
    (kind.is === 'number' && kind.words?.includes(expression.text) === true) ||
    (kind.is === 'colours' && Object.hasOwn(kind.named, expression.text))
  return known ? expression.text : undefined
}
