import { elementAt, present } from '../../../grammar/present.js'
import { shapeText } from '../../graph/graph.js'
import type { OnnxCall } from '../../targets/onnx/lowering.js'
import { quoted } from '../../targets/pytorch/expression.js'
import { array, source } from '../../targets/tfjs/expression.js'
import type { Inference, Typed } from '../call.js'
import type { Operation } from '../operation.js'
import { dimension, floats, mostAxes, numbered, sizeOf } from '../support/shapes.js'
import { at, size, type Tensor, zeros } from '../support/tensor.js'
import { type EinsumPlan, parseEquation, planEinsum } from './einsum_plan.js'

export const einsum: Operation = {
  name: 'einsum',
  documentation: {
    summary: 'Computes sums of products by an equation over named axes, such as a bilinear pooling or an attention.',
    details:
      'Each letter is an axis, and the batch is left out. Letters that are not in the result are summed: "mhw,chw->mc" is out[m, c] = sum over h, w of a[m, h, w] b[c, h, w] in each image. One or two operands; no letter stands twice in one of them.',
    example: 'pooled = einsum("mhw,chw->mc", attention, features)',
    source: 'numpy.einsum, torch.einsum',
  },
  arguments: [
    { name: 'equation', kind: { is: 'text' }, meaning: 'the letters of the operands, `->`, and those of the result' },
    { name: 'x', kind: { is: 'tensors', atLeast: 1 }, meaning: 'one or two tensors' },
  ],
  typing: {
    infer(call) {
      const parsed = parseEquation(call.word('equation'))
      if (!parsed) return wrongEquation(call, 'one such as "mhw,chw->mc", with each letter once on a side of a comma')
      const types = call.types('x')
      const { operands, output } = parsed
      if (operands.length !== types.length) return wrongEquation(call, `one of ${types.length} operands, as there are`)
      const sizes = new Map<string, number>()
      for (const [index, letters] of operands.entries()) {
        const { element, shape } = elementAt(types, index)
        const fits =
          element === 'float' &&
          shape.length === letters.length + 1 &&
          letters.every((letter, axis) => {
            const length = sizeOf(shape, axis + 1)
            const known = sizes.get(letter) ?? length
            sizes.set(letter, known)
            return known === length
          })
        if (!fits) return wrongEquation(call, `one that fits ${types.map(shapeText).join(' and ')}`)
      }
      if (output.length > mostAxes) return wrongEquation(call, `one with at most ${mostAxes} letters in the result`)
      const batch = elementAt(elementAt(types, 0).shape, 0)
      const name = (axis: number) =>
        output.length === 1 ? 'features' : output.length === 3 ? elementAt(mapAxes, axis) : numbered(axis)
      return [floats([batch, ...output.map((letter, axis) => dimension(name(axis), sizes.get(letter)))])]
    },
    multiplyAdds(call) {
      const { operands } = parsedOf(call)
      const all = [...new Set(operands.flat())]
      return operands.length === 1 ? 0 : all.reduce((product, letter) => product * sizeOfLetter(call, letter), 1)
    },
  },
  semantics: { lowPrecision: true },
  lowering: {
    layout: 'channels first',
    tfjs(call) {
      const plan = planOf(call)
      const [a, b] = plan.operands
      const inputs = call.inputs('x')
      const operands = plan.operands.map(
        ({ summed, order }, index) =>
          `{ summed: [${summed.map((axis) => axis + 1)}], order: ${listed(order)}, sizes: [${matrixSizes(call, plan, index).join(', ')}] }`,
      )
      const shape = (plan.product?.letters ?? present(a, 'an operand').parts.own).map((letter) =>
        sizeOfLetter(call, letter),
      )
      const contracts = b ? `, contracts: ${plan.product?.contracts}` : ''
      return call.genericRuntime(
        'einsum',
        array(inputs),
        source(
          `{ operands: [${operands.join(', ')}], shape: [${shape.join(', ')}], order: ${listed(plan.order)}${contracts} }`,
        ),
      )
    },
    pytorch: {
      expression(call) {
        const { operands, output } = parsedOf(call)
        const used = new Set(operands.flat())
        const batch = present(
          [...'zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA'].find((letter) => !used.has(letter)),
          'a free letter',
        )
        const text = `${operands.map((letters) => batch + letters.join('')).join(',')}->${batch}${output.join('')}`
        return call.torch('torch.einsum', quoted(text), ...call.inputs('x'))
      },
    },
    onnx: (call) => [inOnnx(call, planOf(call))],
  },
  reference(call) {
    const { operands, output } = parsedOf(call)
    const tensors = call.tensors('x')
    const batch = size(elementAt(tensors, 0), 0)
    const letters = [...output, ...new Set(operands.flat().filter((letter) => !output.includes(letter)))]
    const sizes = letters.map((letter) => sizeOfLetter(call, letter))
    const out = zeros([batch, ...sizes.slice(0, output.length)])
    const total = sizes.reduce((product, length) => product * length, 1)
    const inner = sizes.slice(output.length).reduce((product, length) => product * length, 1)
    for (let image = 0; image < batch; image++)
      for (let index = 0; index < total; index++) {
        const place = placeAt(index, sizes)
        const factor = operands.reduce(
          (product, own, which) =>
            product *
            valueAt(
              elementAt(tensors, which),
              image,
              own.map((letter) => elementAt(place, letters.indexOf(letter))),
            ),
          1,
        )
        const target = image * (total / inner) + Math.floor(index / inner)
        out.data[target] = at(out, target) + factor
      }
    return [out]
  },
  cases: [
    {
      name: 'bilinear pooling',
      inputs: {
        x: [
          { shape: [2, 3, 2, 4], fill: 'random' },
          { shape: [2, 5, 2, 4], fill: 'random' },
        ],
      },
      arguments: { equation: 'mhw,chw->mc' },
    },
    {
      name: 'heads, transposed in the result',
      inputs: {
        x: [
          { shape: [2, 3, 2, 4], fill: 'random' },
          { shape: [2, 5, 2, 4], fill: 'random' },
        ],
      },
      arguments: { equation: 'qhd,khd->khq' },
    },
    {
      name: 'an axis of one operand is summed',
      inputs: {
        x: [
          { shape: [2, 3, 4], fill: 'random' },
          { shape: [2, 4, 2], fill: 'random' },
        ],
      },
      arguments: { equation: 'ab,bc->a' },
    },
    {
      name: 'nothing is summed',
      inputs: {
        x: [
          { shape: [2, 3], fill: 'random' },
          { shape: [2, 3, 2], fill: 'random' },
        ],
      },
      arguments: { equation: 'a, ab -> ba' },
    },
    {
      name: 'an outer product',
      inputs: {
        x: [
          { shape: [2, 3], fill: 'random' },
          { shape: [2, 4], fill: 'random' },
        ],
      },
      arguments: { equation: 'a,b->ab' },
    },
    {
      name: 'a dot product',
      inputs: {
        x: [
          { shape: [3, 4], fill: 'random' },
          { shape: [3, 4], fill: 'random' },
        ],
      },
      arguments: { equation: 'a,a->' },
    },
    {
      name: 'one operand',
      inputs: { x: [{ shape: [2, 3, 2, 4], fill: 'random' }] },
      arguments: { equation: 'chw->wc' },
    },
  ],
}

const mapAxes = ['channels', 'height', 'width']

function wrongEquation(call: Inference, range: string): undefined {
  return call.fail(
    'out-of-range',
    { name: 'equation', value: `"${call.word('equation')}"`, range, advice: undefined },
    ['x'],
  )
}

function parsedOf(call: Typed) {
  return present(parseEquation(call.word('equation')), 'an equation')
}

function planOf(call: Typed): EinsumPlan {
  const { operands, output } = parsedOf(call)
  return planEinsum(operands, output)
}

function sizeOfLetter(call: Typed, letter: string): number {
  const { operands } = parsedOf(call)
  const which = operands.findIndex((letters) => letters.includes(letter))
  return sizeOf(elementAt(call.types('x'), which).shape, elementAt(operands, which).indexOf(letter) + 1)
}

/** The sizes of an operand for the matrix product: [batch, rows, columns] without the images. */
function matrixSizes(call: Typed, { operands, product }: EinsumPlan, index: number): readonly number[] {
  const { batch, own, contracted } = elementAt(operands, index).parts
  const count = (letters: readonly string[]) => letters.reduce((total, letter) => total * sizeOfLetter(call, letter), 1)
  if (!product) return own.map((letter) => sizeOfLetter(call, letter))
  const sides = [count(own), count(contracted)]
  return [count(batch), ...(index === 0 ? sides : sides.toReversed())]
}

/** An order of axes with the batch before them. */
function withBatch(order: readonly number[]): number[] {
  return [0, ...order.map((axis) => axis + 1)]
}

function listed(order: readonly number[]): string {
  return `[${withBatch(order).join(', ')}]`
}

function isIdentity(order: readonly number[]): boolean {
  return order.every((axis, index) => axis === index)
}

function inOnnx(call: OnnxCall, plan: EinsumPlan): string {
  const inputs = call.inputs('x')
  const transposed = (value: string, order: readonly number[], step: string) =>
    isIdentity(order) ? value : call.add('Transpose', [value], { perm: withBatch(order) }, step)
  const matrices = plan.operands.map(({ summed, order }, index) => {
    const input = elementAt(inputs, index)
    const name = index === 0 ? 'a' : 'b'
    const axes = call.int64(summed.map((axis) => axis + 1))
    const sum = summed.length === 0 ? input : call.add('ReduceSum', [input, axes], { keepdims: 0 }, `${name}_sum`)
    const ordered = transposed(sum, order, `${name}_order`)
    if (!plan.product) return ordered
    return call.add('Reshape', [ordered, call.int64([0, ...matrixSizes(call, plan, index)])], {}, `${name}_matrices`)
  })
  if (!plan.product) return call.add('Identity', [transposed(elementAt(matrices, 0), plan.order, 'order')])
  const operator = plan.product.contracts ? 'MatMul' : 'Mul'
  const product = call.add(operator, matrices, {}, 'product')
  const shape = call.int64([0, ...plan.product.letters.map((letter) => sizeOfLetter(call, letter))])
  if (isIdentity(plan.order)) return call.add('Reshape', [product, shape])
  return call.add('Transpose', [call.add('Reshape', [product, shape], {}, 'axes')], { perm: withBatch(plan.order) })
}

/** The index along each axis of a flat index. */
function placeAt(index: number, sizes: readonly number[]): number[] {
  const place: number[] = []
  let rest = index
  for (const length of sizes.toReversed()) {
    place.unshift(rest % length)
    rest = Math.floor(rest / length)
  }
  return place
}

function valueAt(x: Tensor, image: number, place: readonly number[]): number {
  return at(
    x,
    [image, ...place].reduce((flat, index, axis) => flat * size(x, axis) + index, 0),
  )
}
