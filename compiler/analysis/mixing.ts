import type { Span } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { cropOutputs } from '../graph/crop.js'
import { type LabelInput, sameValue } from '../graph/graph.js'
import { operations } from '../ops/index.js'
import type { Elaborator } from './elaborator.js'

/** Mixing images only makes sense where the whole image is classified, and where the losses can be weighted by label. */
export function checkMixing(elaborator: Elaborator, name: string, label: LabelInput | undefined, span: Span): void {
  const { nodes } = elaborator.builder
  const cannot = (why: string) => elaborator.report(diagnose('cannot-mix', { name, why }, span))
  if (cropOutputs(nodes)) cannot('the model crops a part, and a mixed image has parts of two')
  const other = nodes.find(
    ({ operation, inputs }) =>
      label &&
      inputs.some(({ value }) => sameValue(value, label.value)) &&
      operations.get(operation)?.semantics?.supportsMixup !== true,
  )
  if (other) cannot(`${other.operation} needs one label for each image`)
}
