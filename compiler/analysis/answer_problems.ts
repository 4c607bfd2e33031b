import { present } from '../../grammar/present.js'
import type { Model } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { namedAnswers } from '../graph/answers.js'
import type { Graph, Node } from '../graph/graph.js'
import { withoutIdentities } from '../graph/phase.js'
import { reachable } from '../graph/prune.js'
import { operations } from '../ops/index.js'

/**
 * Returns a problem for each answer that depends, in inference, on something that exists in training only: a label, a view of the image, or other
 * images of the batch.
 */
export function answerProblems(model: Model, graph: Graph): readonly Diagnostic[] {
  if (graph.labels.length + graph.views.length === 0 && !graph.nodes.some(mixesImages)) return []
  const inference = withoutIdentities(graph)
  const { labels, views, nodes } = inference
  const answers = namedAnswers(inference)
  const all = reachable(
    nodes,
    answers.map(({ value }) => value),
  )
  const unknown = nodes.filter((node) => all.has(node.id) && mixesImages(node))
  // Such answers are rare, so a single search comes first.
  if (unknown.length === 0 && ![...labels, ...views].some(({ value }) => all.has(value.node))) return []
  return answers.flatMap(({ name, value }) => {
    const needed = reachable(nodes, [value])
    const span = model.predictions.find((prediction) => prediction.name.text === name)?.span
    const place = span ?? present(nodes[value.node], 'the node of an answer').span
    const label = labels.find((input) => needed.has(input.value.node))
    const view = views.find((input) => needed.has(input.value.node))
    const mixing = unknown.find(({ id }) => needed.has(id))
    return [
      ...(label ? [diagnose('label-in-answer', { name, input: label.name }, place)] : []),
      ...(view ? [diagnose('view-in-answer', { name, input: view.name }, place)] : []),
      ...(mixing ? [diagnose('pairs-in-answer', { name, operation: mixing.operation }, place)] : []),
    ]
  })
}

function mixesImages({ operation }: Node): boolean {
  return operations.get(operation)?.semantics?.mixesImages === true
}
