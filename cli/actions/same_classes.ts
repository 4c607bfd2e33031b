import { Failure } from '../../runtime/failure.js'

interface Classified {
  readonly source: string
  readonly classes: readonly string[]
}

/** @throws Failure `classes-do-not-fit` when two models that are to be compared were made for other classes */
export function requireSameClasses(one: Classified, other: Classified): void {
  if (one.classes.join('\n') === other.classes.join('\n')) return
  throw new Failure({
    code: 'classes-do-not-fit',
    message: `${one.source} and ${other.source} were made for other classes`,
    help: 'compare models of the same classes',
    path: other.source,
  })
}
