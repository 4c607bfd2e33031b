import { present } from '../../grammar/present.js'
import type { Model } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { namedAnswers } from '../graph/answers.js'
import type { Graph } from '../graph/graph.js'
import { specialise } from '../graph/phase.js'
import { reachable } from '../graph/prune.js'

/** Returns a problem for each answer that depends on a label in inference, where no label is known. */
export function labelInAnswers(model: Model, graph: Graph): readonly Diagnostic[] {
  if (graph.labels.length === 0) return []
  const inference = specialise(graph, 'inference')
  const { labels, nodes } = inference
  const answers = namedAnswers(inference)
  const all = reachable(
    nodes,
    answers.map(({ value }) => value),
  )
  // Hardly any model has such an answer: one search tells.
  if (!labels.some(({ value }) => all.has(value.node))) return []
  return answers.flatMap(({ name, value }) => {
    const needed = reachable(nodes, [value])
    const label = labels.find((input) => needed.has(input.value.node))
    if (!label) return []
    const span = model.predictions.find((prediction) => prediction.name.text === name)?.span
    const made = present(nodes[value.node], 'the node of an answer').span
    return [diagnose('label-in-answer', { name, label: label.name }, span ?? made)]
  })
}
