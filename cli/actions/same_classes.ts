import { Failure } from '../../runtime/failure.js'

/** A model by its path, and its class names in the order of the logits. */
export interface Classifier {
  readonly source: string
  readonly classes: readonly string[]
}

/** @throws Failure `classes-do-not-fit` unless both models have the same classes in the same order */
export function requireSameClasses(one: Classifier, other: Classifier): void {
  if (one.classes.join('\n') === other.classes.join('\n')) return
  throw new Failure({
    code: 'classes-do-not-fit',
    message: `${one.source} and ${other.source} were made for other classes`,
    help: 'compare models of the same classes',
    path: other.source,
  })
}
