import { isPlainName } from '../../grammar/names.js'
import type { Binding, Expression } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { nearest } from '../diagnostics/suggest.js'
import type { ParameterGroup } from '../graph/graph.js'
import { group } from '../training/loop.js'
import type { Context } from './elaboration.js'
import type { Elaborator } from './elaborator.js'
import { layerRates } from './layer_rates.js'
import { settingArguments } from './settings.js'

type Call = Extract<Expression, { kind: 'call' }>

/** Whether it is a group, such as `backbone = group(...)`, whose name is free. */
export function isGroup({ value }: Binding): boolean {
  return value.kind === 'call' && value.callee.kind === 'name' && value.callee.text === group.name
}

/** Returns the groups of a train block, without reported ones. */
export function parameterGroups(elaborator: Elaborator, bindings: readonly Binding[], context: Context) {
  const groups: ParameterGroup[] = []
  for (const binding of bindings) {
    const made = binding.value.kind === 'call' && groupOf(elaborator, binding, binding.value, context)
    if (!made) continue
    const other = groups.find(({ path, name }) => path === made.path && name !== made.name)
    if (other) {
      const found = `${made.path}, which \`${other.name}\` has`
      const values = { name: `\`${made.name}\``, expected: 'a part of its own', found }
      elaborator.report(diagnose('wrong-type', values, binding.value.span))
    } else groups.push(made)
  }
  return groups
}

function groupOf(elaborator: Elaborator, binding: Binding, call: Call, context: Context): ParameterGroup | undefined {
  const [first, ...rest] = call.arguments
  const path = first && !first.name ? pathOf(first.value) : undefined
  if (!first || path === undefined) {
    const expected = 'a part of the model first, such as group(master.trunk, rate = 10%)'
    const values = { name: `\`${binding.name.text}\``, expected, found: 'something else' }
    elaborator.report(diagnose('wrong-type', values, first?.span ?? call.span))
    return undefined
  }
  const known = pathsOf(elaborator)
  if (!known.includes(path)) {
    elaborator.report(diagnose('no-weights', { name: path, known, suggestion: nearest(path, known) }, first.span))
    return undefined
  }
  const given = settingArguments(elaborator, group, rest, call.span, context)
  if (!given) return undefined
  const { rate, layer_decay: layerDecay, weight_decay: weightDecay, frozen } = given
  const { parameters, roundPaths } = elaborator.builder
  return {
    name: binding.name.text,
    path,
    rate: Number(rate),
    frozen: frozen === 'all' ? frozen : Number(frozen),
    ...(layerDecay !== 1 && {
      layers: layerRates([...parameters.values()], roundPaths, path, Number(layerDecay)),
    }),
    ...(typeof weightDecay === 'number' && { weightDecay }),
  }
}

/** `master.trunk.layer3`, or undefined if it is not a path. */
function pathOf(expression: Expression): string | undefined {
  if (expression.kind === 'name') return expression.text
  if (expression.kind === 'string' && !isPlainName(expression.value)) return expression.value
  if (expression.kind !== 'member') return undefined
  const object = pathOf(expression.object)
  return object === undefined ? undefined : `${object}.${expression.member.text}`
}

/** Every path that has trainable parameters below it. */
function pathsOf({ builder }: Elaborator): string[] {
  const paths = new Set<string>()
  for (const { name, trainable } of builder.parameters.values()) {
    const parts = name.split('.')
    if (trainable) for (let length = 1; length < parts.length; length++) paths.add(parts.slice(0, length).join('.'))
  }
  return [...paths]
}
