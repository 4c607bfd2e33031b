import type { ModelSettings } from '../../compiler/analysis/model.js'
import { safeLine } from '../../compiler/diagnostics/safe_text.js'
import { type Change, type Differences, differences } from '../../compiler/graph/differences.js'
import type { Io } from '../io.js'
import { readySpec } from './spec.js'

/** More changes below one binding than this are counted, not listed. */
const mostListed = 4

/** Prints what changes from one model to the other. */
export function compareSpecs(before: string, after: string, settings: ModelSettings, io: Io): number {
  const found = differences(readySpec(before, settings, io).graph, readySpec(after, settings, io).graph)
  const lines = describe(found)
  io.printText(lines.length === 0 ? 'the models are the same' : lines.map(safeLine).join('\n'))
  io.json({ ok: true, same: lines.length === 0, ...found })
  return 0
}

function describe(found: Differences): string[] {
  const { settings, operations, weights, losses, training, measures } = found
  const { before, after } = measures
  const sizes = [
    ['parameters', before.parameters, after.parameters] as const,
    ['multiply-adds an image', before.multiplyAdds, after.multiplyAdds] as const,
  ].flatMap(([name, old, now]) =>
    old === now ? [] : [`  ${name}: ${grouped(old)} -> ${grouped(now)} (${growth(old, now)})`],
  )
  return [
    ...section('settings', settings.map(line)),
    ...section('losses', losses.map(line)),
    ...section('training', training.map(line)),
    ...section('size', sizes),
    ...section('operations', folded(operations)),
    ...section('arguments of operations', found.arguments.map(line)),
    ...section('shapes', folded(found.shapes)),
    ...section('weights', folded(weights)),
  ]
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines]
}

function line({ name, before, after }: Change): string {
  if (before === undefined) return `+ ${name}: ${after}`
  if (after === undefined) return `- ${name}: ${before}`
  return `  ${name}: ${before} -> ${after}`
}

/** Many changes of one kind below a binding of a branch are one line. */
function folded(changes: readonly Change[]): string[] {
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    const key = `${line(change).slice(0, 2)}${change.name.split('.').slice(0, 2).join('.')}`
    groups.set(key, [...(groups.get(key) ?? []), change])
  }
  return [...groups].flatMap(([key, group]) =>
    group.length <= mostListed
      ? group.map(line)
      : [`${key}: ${group.length} ${key.startsWith(' ') ? 'changed' : key.startsWith('+') ? 'more' : 'fewer'}`],
  )
}

function grouped(count: number): string {
  return count.toLocaleString('en')
}

function growth(before: number, after: number): string {
  if (before === 0) return 'from nothing'
  const percent = (100 * (after - before)) / before
  return `${percent > 0 ? '+' : ''}${percent.toFixed(1)}%`
}
