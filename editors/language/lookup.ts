import type { Entity, FileNames, Named, Occurrence } from '../../compiler/analysis/name_resolver.js'
import { operations } from '../../compiler/ops/index.js'

/** The name at a position: the word around it, or the one that ends there. */
export function occurrenceAt({ occurrences }: FileNames, offset: number): Occurrence | undefined {
  const found = occurrences.filter(({ span }) => span.start <= offset && offset <= span.end)
  // A branch's parameter stands for something, and is defined: what it stands for came first.
  return found.find(({ span }) => offset < span.end) ?? found[0]
}

/** Everything that can be named at a place, inner names before outer ones. */
export function visibleAt({ scopes }: FileNames, offset: number): Map<string, Entity> {
  const visible = new Map<string, Entity>()
  const around = scopes.filter(({ start, end }) => start <= offset && offset <= end)
  const depth = (scope: (typeof around)[number]): number => (scope.parent ? depth(scope.parent) + 1 : 0)
  for (const scope of around.sort((a, b) => depth(b) - depth(a)))
    for (const [name, { entity, from }] of scope.names)
      if (from <= offset && !visible.has(name)) visible.set(name, entity)
  return visible
}

/** The definition that the name at a position refers to. */
export function namedAt(names: FileNames, name: string, offset: number): Named | undefined {
  const operation = operations.get(name)
  return visibleAt(names, offset).get(name)?.named ?? (operation && { kind: 'operation', name, operation })
}

/** Whether two names are the same thing. */
export function sameNamed(a: Named, b: Named): boolean {
  if (a.definition || b.definition)
    return a.definition?.source === b.definition?.source && a.definition?.start === b.definition?.start
  return a.kind === b.kind && a.name === b.name && a.argument === b.argument
}

/** Every place of a file where the thing is named, once each, in the order of the text. */
export function placesOf({ occurrences }: FileNames, named: Named): Occurrence[] {
  const places = new Map<number, Occurrence>()
  for (const occurrence of occurrences)
    if (sameNamed(occurrence.named, named)) places.set(occurrence.span.start, occurrence)
  return [...places.values()].sort((a, b) => a.span.start - b.span.start)
}
