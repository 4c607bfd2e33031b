import { compile } from '../../../compiler/compile.js'
import { expand } from '../../../compiler/expand/expand.js'
import { specialise } from '../../../compiler/graph/phase.js'
import type { Tensor } from '../../../compiler/ops/support/tensor.js'
import { format } from '../../../grammar/format.js'
import { diskLibrary } from '../../../runtime/specs/library.js'
import { firstDifference } from './bounds.js'
import { answersOf, type Subject } from './check.js'
import { evaluateGraph, type ReferenceInputs } from './reference.js'

/** Of the largest value: references compute in double precision. */
const exact = 1e-12

/** @returns which law of specs and of inference a model breaks */
export function lawProblem(text: string, subject: Subject): string | undefined {
  return (
    sameAnswers('formatted', formatted(text), subject) ??
    sameAnswers('expanded', expand('fuzz.wsban', text, diskLibrary()), subject) ??
    sameAnswers('with a branch that nothing uses', withUnusedBranch(text), subject) ??
    batchProblem(subject)
  )
}

function formatted(text: string): string {
  const once = format('fuzz.wsban', text)
  const twice = format('fuzz.wsban', once.text)
  if (once.text !== twice.text) throw new Error('formatting twice changes the text')
  return once.text
}

function withUnusedBranch(text: string): string {
  return text.replace(
    /^( {2}loss \{)/m,
    '  branch unused_branch(image) { logits = flatten(image) -> linear(classes) }\n$1',
  )
}

/** The same parameters and inputs give the same answers. */
function sameAnswers(how: string, text: string, { inputs, answers }: Subject): string | undefined {
  const { graph, diagnostics } = compile({ source: 'fuzz.wsban', text }, diskLibrary())
  if (!graph) return `${how}, it does not compile: ${diagnostics.map(({ message }) => message).join('; ')}`
  const inference = specialise(graph, 'inference')
  const found = answersOf(inference, evaluateGraph(inference, 'inference', inputs))
  const problem = firstDifference(found, answers, (_, base) => exact * largest(base))
  return problem && `${how}, ${problem}`
}

/** Each image of a batch gets the answer that it gets alone. */
function batchProblem({ inference, inputs, answers }: Subject): string | undefined {
  const batch = inputs.image.shape[0] ?? 0
  for (let row = 0; row < batch; row++) {
    const one: ReferenceInputs = { ...inputs, image: rowOf(inputs.image, row), label: rowOf(inputs.label, row) }
    const found = answersOf(inference, evaluateGraph(inference, 'inference', one))
    const expected = new Map([...answers].map(([name, value]) => [name, rowOf(value, row)]))
    const problem = firstDifference(found, expected, (_, base) => exact * largest(base) + Number.MIN_VALUE)
    if (problem !== undefined) return `alone, image ${row} of ${batch}: ${problem}`
  }
  return undefined
}

function rowOf({ shape, data }: Tensor, row: number): Tensor {
  const size = data.length / (shape[0] ?? 1)
  return { shape: [1, ...shape.slice(1)], data: data.slice(row * size, (row + 1) * size) }
}

function largest({ data }: Tensor): number {
  return data.reduce((most, value) => Math.max(most, Math.abs(value)), Number.MIN_VALUE)
}
