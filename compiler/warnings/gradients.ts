import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { reachedByGradient, weightsWithoutGradient } from '../graph/gradient_flow.js'
import type { Graph, ValueRef } from '../graph/graph.js'
import { operations } from '../ops/index.js'
import { type Examined, placeOf } from './examined.js'

/** Reports weights that keep their random initial values. Loaded networks, such as a teacher, may remain unchanged. */
export function untrainedWeights({ model, graph, needed }: Examined): Diagnostic[] {
  const loaded = graph.pretrained.map(({ path }) => `${path.join('.')}.`)
  const [first, ...rest] = weightsWithoutGradient(graph, needed).filter(
    ({ name }) => !loaded.some((path) => name.startsWith(path)),
  )
  const owner = first && needed.find(({ parameters }) => Object.values(parameters).includes(first.name))
  if (!owner) return []
  const { span, secondary } = placeOf(graph, owner, model)
  const names = [first, ...rest].map(({ name }) => name)
  return [diagnose('no-gradient', { names }, span, { secondary })]
}

/** Reports lines of the loss block that give no weight a gradient. */
export function idleLosses({ model, graph }: Examined): Diagnostic[] {
  return graph.losses.flatMap(({ name, value }) => {
    const line = model.losses.findLast((binding) => binding.name.text === name)
    return !line || trains(graph, value) ? [] : [diagnose('idle-loss', { name }, line.name.span)]
  })
}

/** Reports teachers that receive a gradient from their students. */
export function learningTeachers({ model, graph, needed }: Examined): Diagnostic[] {
  return needed.flatMap((node) => {
    const argument = operations.get(node.operation)?.semantics?.distillationTarget
    const teacher = argument && node.inputs.find((input) => input.argument === argument)
    if (!teacher || !trains(graph, teacher.value)) return []
    const { span, secondary } = placeOf(graph, node, model)
    return [diagnose('teacher-learns', { callee: node.operation, argument }, span, { secondary })]
  })
}

function trains(graph: Graph, value: ValueRef): boolean {
  for (const { parameters } of reachedByGradient(graph, [value]))
    if (Object.values(parameters).some((name) => graph.parameters.get(name)?.trainable)) return true
  return false
}
