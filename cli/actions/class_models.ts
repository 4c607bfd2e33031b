import type { Signature } from '../../compiler/graph/signature.js'
import { Failure } from '../../runtime/failure.js'
import { classAnswer, predictsClasses } from '../../runtime/inference/answer.js'

/** @throws Failure `no-class-probabilities` for a model that a command cannot measure, as it predicts no probabilities of classes */
export function requireClasses(source: string, signature: Signature | undefined): void {
  if (predictsClasses(signature)) return
  const predictions = signature?.answers.filter(({ kind }) => kind !== 'logits').map(({ name }) => name) ?? []
  throw new Failure({
    code: 'no-class-probabilities',
    message: `${source} predicts no probabilities of its first Class input, only ${predictions.join(', ')}`,
    help: 'wsban evaluate measures these',
    path: source,
  })
}

/** @throws Failure `no-class-probabilities` unless the first prediction of a model is the probabilities of classes */
export function requireClassesFirst(source: string, signature: Signature | undefined): void {
  requireClasses(source, signature)
  const [first] = signature?.answers ?? []
  if (!signature || !first || classAnswer(signature) === first) return
  throw new Failure({
    code: 'no-class-probabilities',
    message: `the first prediction of ${source} is ${first.name}, and not the probabilities of classes`,
    help: `write the line predict ${classAnswer(signature)?.name} first in the spec`,
    path: source,
  })
}
