import { compile } from '../../../compiler/compile.js'
import { expand } from '../../../compiler/expand/expand.js'
import { specialise } from '../../../compiler/graph/phase.js'
import type { Tensor } from '../../../compiler/ops/support/tensor.js'
import { format } from '../../../grammar/format.js'
import { diskLibrary } from '../../../runtime/specs/library.js'
import { withBlockInlined } from './blocks.js'
import { firstDifference } from './bounds.js'
import { evaluateGraph, type ReferenceInputs, type Tensors } from './reference.js'
import { answersOf, lossesOf, type Subject } from './subject.js'

/** Relative to the largest value: references compute in double precision. */
const exact = 1e-12

/** Variations of a spec that must compute the same. */
interface Variation {
  readonly how: string
  readonly text: string
  /** The variation's name for a branch, a binding or a parameter of the spec. */
  readonly renamed?: (name: string) => string
}

/** @returns which law of specs and of inference a model breaks */
export function lawProblem(text: string, subject: Subject): string | undefined {
  for (const variation of variationsOf(text)) {
    const problem = sameResults(variation, subject)
    if (problem !== undefined) return `${variation.how}, ${problem}`
  }
  return batchProblem(subject)
}

function* variationsOf(text: string): Generator<Variation> {
  yield { how: 'formatted', text: formatted(text) }
  yield { how: 'expanded', text: expand('fuzz.wsban', text, diskLibrary()) }
  yield { how: 'with a branch that nothing uses', text: withUnusedBranch(text) }
  yield { how: 'with other names', text: renamed(text), renamed }
  const inlined = withBlockInlined(text)
  if (inlined) yield { how: 'with a block in the place of its call', ...inlined }
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

/** Renames everything but the names of the language; `first` and `second` are also arguments of operations. */
function renamed(text: string): string {
  return text
    .replace(/\b([vl]|block)(\d+)\b/g, '$1_of_$2')
    .replace(/\bfirst\b(?! =)/g, 'whole')
    .replace(/(?<!, )\bsecond\b|\bsecond\b(?! =)/g, 'closer')
    .replace(/\bcrop\b/g, 'window')
}

/** Checks that a variation computes the same outputs, losses and statistics from the same parameters and inputs. */
function sameResults({ text, renamed = (name) => name }: Variation, subject: Subject): string | undefined {
  const { graph, diagnostics } = compile({ source: 'fuzz.wsban', text }, diskLibrary())
  if (!graph) return `it does not compile: ${diagnostics.map(({ message }) => message).join('; ')}`
  const under = (tensors: Tensors) => new Map([...tensors].map(([name, value]) => [renamed(name), value] as const))
  const inputs = { ...subject.inputs, parameters: under(subject.inputs.parameters) }
  const [inference, training] = [specialise(graph, 'inference'), specialise(graph, 'training')]
  const answers = answersOf(inference, evaluateGraph(inference, 'inference', inputs))
  const losses = lossesOf(training, evaluateGraph(training, 'training', inputs))
  const within = (_: string, base: Tensor) => exact * largest(base)
  return (
    firstDifference(answers, under(subject.answers), within) ?? firstDifference(losses, under(subject.losses), within)
  )
}

/** Checks that each image of a batch has the output that it has alone. */
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
