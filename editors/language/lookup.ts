import { functions } from '../../compiler/analysis/functions/index.js'
import type { FileNames, Occurrence } from '../../compiler/analysis/name_resolver.js'
import type { Definition, ResolvedName } from '../../compiler/analysis/resolved_name.js'
import { operations } from '../../compiler/ops/index.js'

/** Returns the name at a position: the word around it, or the one that ends there. */
export function occurrenceAt({ occurrences }: FileNames, offset: number): Occurrence | undefined {
  const found = occurrences.filter(({ span }) => span.start <= offset && offset <= span.end)
  // A branch's parameter is both a reference and a definition: the reference comes first.
  return found.find(({ span }) => offset < span.end) ?? found[0]
}

/** Everything that can be named at a place, inner names before outer ones. */
export function visibleAt({ scopes }: FileNames, offset: number): Map<string, ResolvedName> {
  const visible = new Map<string, ResolvedName>()
  const around = scopes.filter(({ start, end }) => start <= offset && offset <= end)
  const depth = (scope: (typeof around)[number]): number => (scope.parent ? depth(scope.parent) + 1 : 0)
  for (const scope of around.sort((a, b) => depth(b) - depth(a)))
    for (const [name, { entity, from }] of scope.names)
      if (from <= offset && !visible.has(name)) visible.set(name, entity)
  return visible
}

/** The definition that the name at a position refers to. */
export function definitionAt(names: FileNames, name: string, offset: number): Definition | undefined {
  const operation = operations.get(name)
  const compileTime = functions.get(name)
  return (
    visibleAt(names, offset).get(name)?.definition ??
    (operation && { kind: 'operation', name, operation }) ??
    (compileTime && { kind: 'function', name, function: compileTime })
  )
}

/** Whether two names are the same thing. */
export function sameDefinition(a: Definition, b: Definition): boolean {
  if (a.span || b.span) return a.span?.source === b.span?.source && a.span?.start === b.span?.start
  return a.kind === b.kind && a.name === b.name && a.argument === b.argument
}

/** Every place of a file where the thing is named, once each, in the order of the text. */
export function placesOf({ occurrences }: FileNames, definition: Definition): Occurrence[] {
  const places = new Map<number, Occurrence>()
  for (const occurrence of occurrences)
    if (sameDefinition(occurrence.definition, definition)) places.set(occurrence.span.start, occurrence)
  return [...places.values()].sort((a, b) => a.span.start - b.span.start)
}
