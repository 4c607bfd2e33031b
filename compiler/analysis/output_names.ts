import type { Binding } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'

/** The outputs of a trained model beside its predictions. */
const outputs: ReadonlyMap<string, string> = new Map([
  ['boxes', 'the boxes of crops'],
  ['attention', 'the maps that crops are taken from'],
  ['early', 'the images that kept a first prediction'],
  ['logits', 'the logits of branches'],
])

/** Returns a problem for each prediction whose name another input or output of the trained model has. */
export function reservedOutputs(predictions: readonly Binding[], image: string | undefined): readonly Diagnostic[] {
  return predictions.flatMap(({ name: { text: name, span } }) => {
    const of = name === image ? 'the image' : outputs.get(name)
    return of === undefined ? [] : [diagnose('reserved-output', { name, of }, span)]
  })
}
