import { elementAt, present } from '../../../../grammar/present.js'
import {
  consumersOf,
  inputOf,
  type OnnxConstant,
  type OnnxNode,
  type OnnxProgram,
  type OnnxWeight,
  outputOf,
  withInputs,
  withoutUnused,
} from '../program.js'
import { ValueNames } from '../value_names.js'
import { floatsOf } from './weight_values.js'

/** Smallest and largest value seen. */
export interface ValueRange {
  readonly min: number
  readonly max: number
}

export type Ranges = ReadonlyMap<string, ValueRange>

/** Selects the nodes that may compute on eight-bit values. */
type Chooser = (node: OnnxNode) => boolean

const weighted = new Set(['Conv', 'Gemm'])
/** Operators that ONNX Runtime fuses with the convolution before them: nothing is rounded in between. */
const activations = new Set(['Relu', 'Clip'])

/**
 * Weights are quantised to 1/63 of a channel's largest weight instead of 1/127: processors without the VNNI instructions add two products in 16 bits,
 * and 2 x 255 x 63 still fits (ONNX Runtime, "Quantize ONNX models", when to use reduce_range).
 */
const weightSteps = 63
const activationSteps = 255

/** Returns the program whose only outputs are the minimum and maximum of each value to quantise: `name:min`, `name:max`. */
export function withMeasures(program: OnnxProgram, mayBeInt8: Chooser): OnnxProgram {
  const measures = roundedValues(program, mayBeInt8).flatMap((name) =>
    (['min', 'max'] as const).map(
      (side): OnnxNode => ({
        operator: side === 'min' ? 'ReduceMin' : 'ReduceMax',
        name: `${name}:${side}`,
        inputs: [name],
        outputs: [`${name}:${side}`],
        attributes: { keepdims: 0 },
      }),
    ),
  )
  const outputs = measures.map(({ name }) => ({ name, element: 'float' as const, shape: [] }))
  return withoutUnused({ ...program, nodes: [...program.nodes, ...measures], outputs })
}

/**
 * Static quantisation (Jacob et al. 2018, arXiv:1712.05877). Needs: a program in single precision and the range of each value of `withMeasures`.
 * Leaves: inputs and outputs of the selected nodes quantised to uint8 with a scale per tensor, weights to int8 with a scale per channel, and biases
 * to int32, each as QuantizeLinear and DequantizeLinear, which engines fuse into integer kernels. Values that the same weights are applied to share
 * one scale, so that both passes of a model use one set of weights and biases.
 */
export function toEightBits(program: OnnxProgram, mayBeInt8: Chooser, ranges: Ranges): OnnxProgram {
  const groups = groupsOf(program, mayBeInt8)
  const shared = new Map<string, ValueRange>()
  for (const name of roundedValues(program, mayBeInt8)) {
    const own = present(ranges.get(name), `the range of ${name}`)
    const group = groups.find(name)
    const others = shared.get(group) ?? { min: 0, max: 0 }
    shared.set(group, { min: Math.min(others.min, own.min), max: Math.max(others.max, own.max) })
  }
  const rounding = new Rounding(program, (name) => present(shared.get(groups.find(name)), `the range of ${name}`))
  return rounding.apply(mayBeInt8)
}

/** Inputs and outputs of the chosen nodes, except for logits and for values that are rounded together with the activation after them. */
function roundedValues({ nodes, weights, outputs }: OnnxProgram, mayBeInt8: Chooser): string[] {
  const consumers = consumersOf(nodes)
  const answers = new Set(outputs.map(({ name }) => name))
  const taken = nodes.flatMap((node) => (isWeighted(node, weights) && mayBeInt8(node) ? [inputOf(node, 0)] : []))
  const given = nodes.flatMap((node) => {
    const value = outputOf(node)
    const [next, ...others] = consumers(value)
    const activated =
      weighted.has(node.operator) && next !== undefined && others.length === 0 && activations.has(next.operator)
    return mayBeInt8(node) && node.operator !== 'Gemm' && !activated && !answers.has(value) ? [value] : []
  })
  return [...new Set([...taken, ...given])]
}

function isWeighted(node: OnnxNode, weights: OnnxProgram['weights']): boolean {
  return weighted.has(node.operator) && weights.has(inputOf(node, 1))
}

/** Values that need a common scale: inputs of the same weights, and the operands and result of a maximum. */
function groupsOf({ nodes, weights }: OnnxProgram, mayBeInt8: Chooser): Groups {
  const groups = new Groups()
  const firstOf = new Map<string, string>()
  for (const node of nodes) {
    if (!mayBeInt8(node)) continue
    const [input, weight] = [inputOf(node, 0), inputOf(node, 1)]
    if (node.operator === 'MaxPool') groups.join(input, outputOf(node))
    if (!isWeighted(node, weights)) continue
    groups.join(input, firstOf.get(weight) ?? input)
    firstOf.set(weight, input)
  }
  return groups
}

class Groups {
  private readonly parents = new Map<string, string>()

  find(name: string): string {
    const parent = this.parents.get(name)
    return parent === undefined || parent === name ? name : this.find(parent)
  }

  join(a: string, b: string): void {
    this.parents.set(this.find(a), this.find(b))
  }
}

/** The quantisation of one program. */
class Rounding {
  private readonly nodes: OnnxNode[] = []
  private readonly constants: Map<string, OnnxConstant>
  private readonly weights: Map<string, OnnxWeight>
  private readonly restored = new Map<string, string>()
  private readonly names: ValueNames

  constructor(
    private readonly program: OnnxProgram,
    private readonly rangeOf: (name: string) => ValueRange,
  ) {
    this.constants = new Map(program.constants)
    this.weights = new Map(program.weights)
    this.names = ValueNames.beside(program)
  }

  apply(mayBeInt8: Chooser): OnnxProgram {
    const rounded = new Set(roundedValues(this.program, mayBeInt8))
    for (const { name } of this.program.inputs) if (rounded.has(name)) this.roundValue(name)
    for (const node of this.program.nodes) {
      const renamed = withInputs(node, (name) => this.restored.get(name) ?? name)
      this.nodes.push(
        mayBeInt8(node) && isWeighted(node, this.program.weights) ? this.roundWeights(node, renamed) : renamed,
      )
      for (const name of node.outputs) if (rounded.has(name)) this.roundValue(name, node.origin)
    }
    return withoutUnused({ ...this.program, nodes: this.nodes, constants: this.constants, weights: this.weights })
  }

  private roundValue(name: string, origin?: number): void {
    const { scale, zero } = this.steps(name)
    const parameters = [
      this.constant({ name: this.names.free(`${name}/scale`), element: 'float', shape: [], values: [scale] }),
      this.constant({ name: this.names.free(`${name}/zero_point`), element: 'uint8', shape: [], values: [zero] }),
    ]
    const [rounded, restored] = [this.names.free(`${name}/uint8`), this.names.free(`${name}/rounded`)]
    this.add('QuantizeLinear', [name, ...parameters], rounded, {}, origin)
    this.add('DequantizeLinear', [rounded, ...parameters], restored, {}, origin)
    this.restored.set(name, restored)
  }

  /** Zero is always representable: padding has to be exact. */
  private steps(name: string): { scale: number; zero: number } {
    const range = this.rangeOf(name)
    const scale = Math.fround(Math.max(range.max - range.min, 1e-6) / activationSteps)
    return { scale, zero: Math.round(-range.min / scale) }
  }

  /** A bias is in steps of its input's times its weight's: it belongs to one set of weights, and to one group of inputs. */
  private roundWeights(node: OnnxNode, renamed: OnnxNode): OnnxNode {
    const weight = present(this.program.weights.get(inputOf(node, 1)), 'a weight')
    const biasName = inputOf(node, 2)
    const scales = scalesOf(weight)
    const rows = elementAt(weight.shape, 0)
    const inputs = [
      inputOf(renamed, 0),
      this.stored(weight, 'int8', rows, scales, async () => roundRows(weight, await scales())),
    ]
    if (biasName !== '') {
      const bias = present(this.program.weights.get(biasName), 'a bias')
      const { scale } = this.steps(inputOf(node, 0))
      const biasScales = async () => (await scales()).map((own) => own * scale)
      inputs.push(this.stored(bias, 'int32', rows, biasScales, async () => roundBias(bias, await biasScales())))
    }
    return { ...renamed, inputs }
  }

  /** An integer weight, and the node that gives it its scale back. */
  private stored(
    weight: OnnxWeight,
    element: 'int8' | 'int32',
    rows: number,
    scales: () => Promise<Float32Array>,
    read: OnnxWeight['read'],
  ): string {
    const name = `${weight.name}/${element}`
    const restored = `${weight.name}/rounded`
    if (this.weights.has(name)) return restored
    const scale = `${weight.name}/scale`
    this.weights.set(name, { name, element, shape: weight.shape, read })
    this.weights.set(scale, { name: scale, element: 'float', shape: [rows], read: scales })
    const zeros = this.constant({
      name: `zero_points/${element}_${rows}`,
      element,
      shape: [rows],
      values: Array<number>(rows).fill(0),
    })
    this.add('DequantizeLinear', [name, scale, zeros], restored, { axis: 0 })
    return restored
  }

  private constant(constant: OnnxConstant): string {
    this.constants.set(constant.name, constant)
    return constant.name
  }

  private add(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: OnnxNode['attributes'] = {},
    origin?: number,
  ): void {
    this.nodes.push({
      operator,
      name: output,
      inputs,
      outputs: [output],
      attributes,
      ...(origin !== undefined && { origin }),
    })
  }
}

/** One scale an output channel, which is a weight's first dimension. Computed once. */
function scalesOf(weight: OnnxWeight): () => Promise<Float32Array> {
  let known: Promise<Float32Array> | undefined
  const compute = async () => {
    const values = await floatsOf(weight)
    const rows = elementAt(weight.shape, 0)
    const width = values.length / rows
    const scales = new Float32Array(rows)
    for (let row = 0; row < rows; row++) {
      let largest = 0
      for (const value of values.subarray(row * width, (row + 1) * width)) largest = Math.max(largest, Math.abs(value))
      scales[row] = largest > 0 ? largest / weightSteps : 1
    }
    return scales
  }
  return () => {
    known ??= compute()
    return known
  }
}

async function roundRows(weight: OnnxWeight, scales: Float32Array): Promise<Int8Array> {
  const values = await floatsOf(weight)
  const width = values.length / scales.length
  const rounded = new Int8Array(values.length)
  values.forEach((value, i) => {
    rounded[i] = Math.round(value / (scales[Math.floor(i / width)] as number))
  })
  return rounded
}

async function roundBias(bias: OnnxWeight, scales: Float32Array): Promise<Int32Array> {
  const values = await floatsOf(bias)
  return Int32Array.from(values, (value, i) => Math.round(value / (scales[i] as number)))
}
