import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { typeOf } from '../graph/graph.js'
import { Meanings } from '../graph/meaning.js'
import type { Examined } from './examined.js'

/** Reports logits that are predicted where probabilities would be measured. */
export function unscoredPredictions({ model, graph }: Examined): Diagnostic[] {
  const meanings = new Meanings(graph, graph.labels)
  return graph.predictions.flatMap((prediction) => {
    const { name, value, meaning } = prediction
    if (meaning.kind !== 'embedding') return []
    const size = typeOf(graph, value).shape[1]?.size
    const label = graph.labels.find((one) => one.size === size && one.kind !== 'Value' && meanings.trains(one, value))
    const binding = model.predictions.find((one) => one.name.text === name)
    if (!label || !binding) return []
    const call = label.kind === 'Class' ? 'softmax' : 'sigmoid'
    return [diagnose('unscored-prediction', { name, label: label.name, call }, binding.value.span)]
  })
}
