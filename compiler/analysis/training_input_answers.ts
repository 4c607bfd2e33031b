import { present } from '../../grammar/present.js'
import type { Model } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { namedAnswers } from '../graph/answers.js'
import type { Graph } from '../graph/graph.js'
import { specialise } from '../graph/phase.js'
import { reachable } from '../graph/prune.js'

/** Returns a problem for each answer that depends in inference on what only training has: a label, or a view of the image. */
export function trainingInputInAnswers(model: Model, graph: Graph): readonly Diagnostic[] {
  if (graph.labels.length + graph.views.length === 0) return []
  const inference = specialise(graph, 'inference')
  const { nodes } = inference
  const inputs = [...inference.labels, ...inference.views]
  const answers = namedAnswers(inference)
  const all = reachable(
    nodes,
    answers.map(({ value }) => value),
  )
  // Hardly any model has such an answer: one search tells.
  if (!inputs.some(({ value }) => all.has(value.node))) return []
  return answers.flatMap(({ name, value }) => {
    const needed = reachable(nodes, [value])
    const input = inputs.find((one) => needed.has(one.value.node))
    if (!input) return []
    const span = model.predictions.find((prediction) => prediction.name.text === name)?.span
    const made = present(nodes[value.node], 'the node of an answer').span
    const isView = inference.views.some((view) => view === input)
    return [diagnose(isView ? 'view-in-answer' : 'label-in-answer', { name, input: input.name }, span ?? made)]
  })
}
