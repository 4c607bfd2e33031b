import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { normalizationIn, normalizationText, sameNormalization } from '../training/normalization.js'
import type { Examined } from './examined.js'

/** Reports published weights on images that are normalised differently from their training images. */
export function otherNormalizations({ model, graph, normalizationOf }: Examined): Diagnostic[] {
  const { name, steps } = graph.image
  const input = model.inputs.find((one) => one.name.text === name)
  const found = normalizationIn(steps)
  return graph.pretrained.flatMap(({ source, span }) => {
    const wanted = normalizationOf(source)
    if (!wanted || !found || sameNormalization(wanted, found)) return []
    const values = { weights: source, wanted: normalizationText(wanted), found: normalizationText(found) }
    const secondary = input ? [{ span: input.span, text: values.found }] : []
    return [diagnose('other-normalization', values, span, { secondary })]
  })
}
