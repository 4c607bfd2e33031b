import { allowsPhases } from '../../../compiler/analysis/arguments.js'
import { type Attribute, isOfPairs, type TensorType } from '../../../compiler/graph/graph.js'
import type { Inference } from '../../../compiler/ops/call.js'
import { operations } from '../../../compiler/ops/index.js'
import type { ArgumentSpec, Operation } from '../../../compiler/ops/operation.js'
import { ofPairs } from '../../../compiler/ops/support/pairs.js'
import { elementsPerImage } from '../../../compiler/ops/support/shapes.js'
import { TypedCall } from '../../../compiler/ops/support/typed.js'
import type { Random } from '../../../compiler/random.js'

/** A value that later lines of a branch can use, and its expression. */
interface Value {
  readonly code: string
  readonly type: TensorType
}

/** The maximum number of elements per image of a value that is used further, since the references are slow. */
const mostElements = 3000

/** Operations that no spec calls by their names: `byPhase` writes them. */
const notCalled = new Set(['by_phase'])

/** Operations that a branch may call: a prediction must not depend on other images of the batch. */
const ofBranches = [...operations.values()].filter(
  ({ name, semantics }) => !notCalled.has(name) && semantics?.mixesImages !== true,
)
/** Operations that a loss of pairs calls. */
const ofPairLosses = [...operations.values()].filter(
  ({ name, semantics }) => !notCalled.has(name) && semantics?.takesPairs === true,
)

/**
 * A random valid model from the registry of operations: argument kinds, ranges and shape rules decide what may be written, so an operation is
 * covered from the day it is in the index.
 */
export class ModelGenerator {
  private count = 0

  constructor(private readonly random: Random) {}

  /** @returns a spec's text; nearly all of them compile */
  model(): string {
    const size = this.pick([1, 2, 3, 5, 6, 7, 8, 9, 12])
    const classes = 2 + this.random.integer(3)
    const shared = this.chance(0.4)
    const blocks: string[] = []
    const image = { code: 'image', type: map(3, size, size) }
    const first = this.branch('first', image, classes, blocks)
    const crop = this.chance(0.5) ? this.crop(first.maps, size) : undefined
    const lines = [...first.lines]
    const logits = ['first.logits']
    if (crop) {
      lines.push(crop)
      if (shared) lines.push('branch second = first(crop)')
      else lines.push(...this.branch('second', { code: 'crop', type: map(3, size, size) }, classes, blocks).lines)
      logits.push('second.logits')
    } else if (this.chance(0.3)) {
      lines.push(...this.branch('second', image, classes, blocks).lines)
      logits.push('second.logits')
    }
    const steps = this.steps(size)
    const losses = this.losses(logits, first)
    const prediction = this.prediction(logits)
    const train = `train { epochs = 1, batch = ${1 + this.random.integer(4)}, ${this.optimizer()} }`
    // Drawn last, so that existing seeds keep their models.
    const detail = crop && this.chance(0.4) ? this.crop(first.maps, size) : undefined
    const others = this.chance(0.3) ? this.otherLabels(classes) : undefined
    const pairLoss = this.chance(0.3) ? [this.pairLoss()] : []
    const isCascade = logits.length > 1 && this.chance(0.3)
    const predicted = isCascade ? this.cascade(logits, prediction) : prediction
    if (detail) lines.push(detail.replace('crop =', 'detail ='))
    return [
      ...blocks,
      `model fuzz(classes = ${classes}, size = ${size}) {`,
      `  input image: Image[3, size, size] { ${steps} }`,
      '  input label: Class[classes]',
      ...(others?.inputs ?? []).map((line) => `  ${line}`),
      ...lines.map((line) => `  ${line}`),
      `  loss { ${[losses, ...(others?.losses ?? []), ...pairLoss].join('\n         ')} }`,
      `  predict probabilities = ${predicted}`,
      ...(others?.predictions ?? []).map((line) => `  ${line}`),
      `  ${train}`,
      '}',
      '',
    ].join('\n')
  }

  private branch(name: string, input: Value, classes: number, blocks: string[]) {
    const values: Value[] = [{ ...input, code: 'image' }]
    const lines: string[] = []
    const steps = 1 + this.random.integer(7)
    for (let step = 0; step < steps; step++) {
      const made = this.step(values, blocks)
      if (!made) continue
      lines.push(`  ${made.line}`)
      values.push(...made.values)
    }
    const last = this.pick(values.slice(-3))
    const rows = last.type.shape.length === 2 ? last.code : `flatten(${last.code})`
    const pooled = last.type.shape.length === 4 && this.chance(0.5) ? `global_avg_pool(${last.code})` : rows
    lines.push(`  logits = linear(${pooled}, ${classes})`)
    return {
      lines: [`branch ${name}(image) {`, ...lines, '}'],
      maps: values
        .filter(({ type }) => type.shape.length === 4)
        .map(({ code, type }) => ({ code: code === 'image' ? 'image' : `${name}.${code}`, type })),
      rows: values.filter(({ type }) => type.shape.length === 2).map(({ code }) => `${name}.${code}`),
    }
  }

  private step(values: readonly Value[], blocks: string[]) {
    if (this.chance(0.12)) return this.blockCall(values, blocks)
    if (this.chance(0.05)) return this.split(values)
    if (this.chance(0.05)) return this.pairCall(values, blocks)
    if (this.chance(0.05)) return this.repeat(values)
    return this.chance(0.06) ? this.byPhase(values) : this.call(values)
  }

  /** One value in training, another one of its shape in inference. */
  private byPhase(values: readonly Value[]): { line: string; values: readonly Value[] } | undefined {
    const first = this.recent(values)
    const others = values.filter((other) => other !== first && sameShape(other.type, first.type))
    if (others.length === 0) return undefined
    const name = `v${this.count++}`
    const code = `training ? ${first.code} : ${this.pick(others).code}`
    return { line: `${name} = ${code}`, values: [{ code: name, type: first.type }] }
  }

  /** The parts of a value along one axis, which are items of a list. */
  private split(values: readonly Value[]): { line: string; values: readonly Value[] } | undefined {
    const { code, type } = this.recent(values)
    const axis = 1 + this.random.integer(Math.max(1, type.shape.length - 1))
    const size = type.shape[axis]?.size
    if (size === undefined || size < 2) return undefined
    const first = 1 + this.random.integer(size - 1)
    const isEven = size % 2 === 0 && this.chance(0.5)
    const sizes = isEven ? [size / 2, size / 2] : [first, size - first]
    const name = `v${this.count++}`
    const part = (length: number): TensorType => ({
      ...type,
      shape: type.shape.map((one, index) => (index === axis ? { ...one, size: length } : one)),
    })
    return {
      line: `${name} = split(${code}, ${isEven ? 2 : `[${sizes.join(', ')}]`}, over = ${axis - 1})`,
      values: sizes.map((length, index) => ({ code: `${name}[${index}]`, type: part(length) })),
    }
  }

  /** A block that returns two values. */
  private pairCall(values: readonly Value[], blocks: string[]): { line: string; values: readonly Value[] } | undefined {
    const input = this.pick(values)
    const first = this.call([{ code: 'x', type: input.type }])
    const second = first && this.call([{ code: 'x', type: input.type }, ...first.values])
    const results = [first?.values[0], second?.values[0]].filter((one) => one !== undefined)
    if (!first || !second || results.length < 2) return undefined
    const block = `pair${this.count++}`
    const name = `v${this.count++}`
    const returned = results.map(({ code }) => code).join(', ')
    blocks.push(`block ${block}(x) {`, `  ${first.line}`, `  ${second.line}`, `  return ${returned}`, '}')
    return {
      line: `${name} = ${block}(${input.code})`,
      values: results.map(({ code, type }) => ({ code: `${name}.${code}`, type })),
    }
  }

  /** A repeat that carries two values of one shape, with rounds that have names at times. */
  private repeat(values: readonly Value[]): { line: string; values: readonly Value[] } | undefined {
    const { code, type } = this.recent(values)
    const carried = ['x', 'y'].map((one) => ({ code: one, type }))
    const made = this.call(carried)
    const result = made?.values.find((one) => sameShape(one.type, type))
    if (!made || !result) return undefined
    const name = `v${this.count++}`
    const rounds = this.random.integer(3)
    const named = this.chance(0.5) ? ' named "round{i + 1}"' : ''
    const start = `x = ${code}, y = ${code}`
    const line = `${name} = repeat ${rounds} as i, ${start}${named} {\n    ${made.line}\n    return y, ${result.code}\n  }`
    return { line, values: carried.map((one) => ({ code: `${name}.${one.code}`, type })) }
  }

  /** The name of a binding; at times one that has to be quoted. */
  private name(): string {
    const number = this.count++
    return this.chance(0.05) ? `"${number}"` : `v${number}`
  }

  /** A binding of one call, of arithmetic, or of a call repeated with its weights. */
  private call(values: readonly Value[]): { line: string; values: readonly Value[] } | undefined {
    for (let attempt = 0; attempt < 20; attempt++) {
      const operation = this.pick(ofBranches)
      const made = this.attempt(operation, values)
      if (!made) continue
      const name = this.name()
      const [type, ...more] = made.outputs
      if (!type || made.outputs.some((one) => elementsPerImage(one) > mostElements)) continue
      const others = more.map((one, index) => ({ code: `${name}.${operation.outputs?.[index + 1] ?? ''}`, type: one }))
      return { line: `${name} = ${made.code}`, values: [{ code: name, type }, ...others] }
    }
    return undefined
  }

  /** A block of a few calls, called once or twice on one value. */
  private blockCall(
    values: readonly Value[],
    blocks: string[],
  ): { line: string; values: readonly Value[] } | undefined {
    const input = this.pick(values)
    const inner: Value[] = [{ code: 'x', type: input.type }]
    const lines: string[] = []
    for (let step = 0; step < 1 + this.random.integer(3); step++) {
      const made = this.call(inner)
      if (!made) continue
      lines.push(`  ${made.line}`)
      inner.push(...made.values)
    }
    const result = inner.at(-1)
    if (!result || lines.length === 0) return undefined
    const block = `block${this.count++}`
    blocks.push(`block ${block}(x) {`, ...lines, `  return ${result.code}`, '}')
    const name = `v${this.count++}`
    const again = this.chance(0.4) && sameShape(result.type, input.type)
    const code = again ? `${input.code} -> ${block} -> ${block}` : `${block}(${input.code})`
    return { line: `${name} = ${code}`, values: [{ code: name, type: result.type }] }
  }

  /** A call that is written where it is used, without a binding. */
  private nested(values: readonly Value[]): Value | undefined {
    const choices = ofBranches.filter(({ outputs }) => !outputs)
    const made = this.attempt(this.pick(choices), values)
    const [type] = made?.outputs ?? []
    return made && type && elementsPerImage(type) <= mostElements ? { code: made.code, type } : undefined
  }

  private attempt(operation: Operation, values: readonly Value[]) {
    const types = new Map<string, readonly TensorType[]>()
    const attributes: Record<string, Attribute> = {}
    const parts = new Map<string, string>()
    // Tensors first: what else is written has to fit them.
    const isTensor = ({ kind }: ArgumentSpec) => kind.is.startsWith('tensor')
    const specs = operation.arguments.toSorted((a, b) => Number(isTensor(b)) - Number(isTensor(a)))
    for (const spec of specs) {
      if (spec.label) return undefined
      const optional = spec.default !== undefined
      if (optional && this.chance(0.5)) {
        if (spec.default !== null && spec.default !== undefined) attributes[spec.name] = spec.default
        continue
      }
      const given = this.argument(spec, values, types)
      if (!given) return undefined
      if (given.tensors) types.set(spec.name, given.tensors)
      if (given.attribute !== undefined) attributes[spec.name] = given.attribute
      const isPositional = spec.kind.is === 'tensors' || spec.kind.is === 'text'
      parts.set(spec.name, isPositional ? given.code : `${spec.name} = ${given.code}`)
    }
    const ofPairs = [...types.values()].some((list) => list.some(isOfPairs))
    if (ofPairs && !operation.semantics?.takesPairs) return undefined
    const outputs = operation.typing.infer(new TriedCall(operation.name, types, attributes))
    // Losses are written elsewhere.
    if (!outputs || outputs.some(({ shape }) => shape.length === 0)) return undefined
    const written = operation.arguments.flatMap(({ name }) => parts.get(name) ?? [])
    return { outputs, code: `${operation.name}(${written.join(', ')})` }
  }

  private argument(
    spec: ArgumentSpec,
    values: readonly Value[],
    types: ReadonlyMap<string, readonly TensorType[]>,
  ): { code: string; tensors?: readonly TensorType[]; attribute?: Attribute } | undefined {
    if (!allowsPhases(spec) || this.chance(0.8)) return this.plainArgument(spec, values, types)
    const [training, evaluation] = [this.plainArgument(spec, values, types), this.plainArgument(spec, values, types)]
    if (training?.attribute === undefined || evaluation?.attribute === undefined) return undefined
    return {
      code: `training ? ${training.code} : ${evaluation.code}`,
      attribute: { kind: 'by-phase', training: training.attribute, evaluation: evaluation.attribute },
    }
  }

  private plainArgument(
    { kind }: ArgumentSpec,
    values: readonly Value[],
    types: ReadonlyMap<string, readonly TensorType[]>,
  ): { code: string; tensors?: readonly TensorType[]; attribute?: Attribute } | undefined {
    const plain = (attribute: Exclude<Attribute, object>) => ({ code: String(attribute), attribute })
    switch (kind.is) {
      case 'tensor': {
        const value = (this.chance(0.15) && this.nested(values)) || this.recent(values)
        return { code: value.code, tensors: [value.type] }
      }
      case 'tensors': {
        const first = this.recent(values)
        const fitting = values.filter(({ type }) => type.shape.length === first.type.shape.length)
        const chosen = [first, ...Array.from({ length: this.random.integer(3) }, () => this.pick(fitting))]
        if (chosen.length < kind.atLeast) return undefined
        return { code: chosen.map(({ code }) => code).join(', '), tensors: chosen.map(({ type }) => type) }
      }
      case 'tensor or number': {
        if (types.size > 0 && this.chance(0.5)) return plain(this.number({ from: -3, to: 3 }) || 1)
        const value = this.recent(values)
        return { code: value.code, tensors: [value.type] }
      }
      case 'integer':
        return plain(this.whole(kind.from ?? -3, kind.to))
      case 'pair': {
        const [high, wide] = [this.whole(kind.from), this.whole(kind.from)]
        return this.chance(0.7) ? plain(high) : { code: `[${high}, ${wide}]`, attribute: [high, wide] }
      }
      case 'number':
        return plain(this.number(kind))
      case 'number or uniform': {
        const [low, high] = [this.number(kind), this.number(kind)].toSorted((a, b) => a - b)
        if (low === undefined || high === undefined || this.chance(0.6)) return plain(low ?? kind.from)
        return { code: `uniform(${low}, ${high})`, attribute: { kind: 'uniform', low, high } }
      }
      case 'boolean':
        return plain(this.chance(0.5))
      case 'word':
        return this.wordOf(kind.words)
      case 'integers': {
        const [of] = [...types.values()].flat()
        if (!of) return undefined
        const sizes = this.factors(elementsPerImage(of))
        return { code: `[${sizes.join(', ')}]`, attribute: sizes }
      }
      case 'numbers': {
        const numbers = Array.from({ length: 1 + this.random.integer(4) }, () => this.number({ from: -3, to: 3 }))
        return { code: `[${numbers.join(', ')}]`, attribute: numbers }
      }
      case 'text':
        return this.equation([...types.values()].flat())
      case 'axes': {
        const [of] = [...types.values()].flat()
        const rank = (of?.shape.length ?? 1) - 1
        if (rank < 1) return undefined
        const last = this.pick([-1, rank - 1, 0])
        return rank > 1 && this.chance(0.3) ? { code: '[0, -1]', attribute: [0, -1] } : plain(last)
      }
      case 'colours':
        return undefined
    }
  }

  /** An equation of einsum; axes of one size have one letter more often than not. */
  private equation(types: readonly TensorType[]): { code: string; attribute: string } | undefined {
    const sizes = new Map<string, number>()
    const operands = types.map(({ shape }) => {
      const own = new Set<string>()
      for (const { size = 0 } of shape.slice(1)) {
        const same = [...sizes].filter(([letter, length]) => length === size && !own.has(letter))
        const known = same.length > 0 && this.chance(0.7) ? this.pick(same)[0] : undefined
        const letter = known ?? String.fromCharCode(97 + sizes.size)
        sizes.set(letter, size)
        own.add(letter)
      }
      return [...own].join('')
    })
    if (operands.length > 2 || sizes.size === 0) return undefined
    const output = this.random.shuffle([...sizes.keys()].filter(() => this.chance(0.6))).join('')
    const equation = `${operands.join(', ')} -> ${output}`
    return { code: JSON.stringify(equation), attribute: equation }
  }

  private wordOf(words: readonly string[]): { code: string; attribute: string } {
    const word = this.pick(words)
    return { code: word, attribute: word }
  }

  private whole(from: number, to = Number.POSITIVE_INFINITY): number {
    return Math.min(to, from + this.pick([0, 0, 1, 1, 2, 2, 3, 4, 6]))
  }

  private number({ from, to, above, below }: { from?: number; to?: number; above?: number; below?: number }): number {
    const low = from ?? above ?? -4
    const high = to ?? below ?? Math.max(low + 1, 4)
    const share = this.pick([0.05, 0.25, 0.5, 0.75, 0.95])
    const inside = Number((low + (high - low) * share).toPrecision(3))
    return from !== undefined && this.chance(0.1) ? from : inside
  }

  /** One to three sizes whose product is the count. */
  private factors(count: number): number[] {
    const divisors = Array.from({ length: count }, (_, i) => i + 1).filter((one) => count % one === 0)
    const first = this.pick(divisors)
    const rest = count / first
    if (this.chance(0.3)) return [count]
    const second = this.pick(divisors.filter((one) => rest % one === 0))
    return this.chance(0.4) ? [first, rest] : [first, second, rest / second]
  }

  private crop(maps: readonly Value[], size: number): string | undefined {
    const guide = maps.length > 1 ? this.pick(maps.slice(1)) : maps[0]
    if (!guide || size < 2) return undefined
    const parts = [
      'image',
      `guide = mean(${guide.code})`,
      ...(this.chance(0.5) ? [`region = ${this.pick(['largest', 'all'])}`] : []),
      ...(this.chance(0.5) ? [`threshold = ${this.pick(['0.5', '0.9', '0.1', 'uniform(0.3, 0.6)'])}`] : []),
      ...(this.chance(0.5) ? [`resolution = ${this.pick(['grid', 'x2', 'x4', 'image'])}`] : []),
      ...(this.chance(0.3) ? [`margin = ${this.pick(['0', '0.2', '1'])}`] : []),
    ]
    return `crop = crop_sampler(${parts.join(', ')})`
  }

  /** Label inputs beside the class, each with a loss on the logits of the first branch, and predictions of them. */
  private otherLabels(classes: number) {
    const all = [
      {
        input: 'traits: Labels[classes]',
        loss: 'b = mean(softplus(first.logits) - first.logits * traits, over = last)',
        prediction: 'traits = sigmoid(first.logits)',
      },
      {
        input: 'measured: Value[classes]',
        loss: 'm = 0.1 * mean(square(first.logits - measured), over = last)',
        prediction: 'measured = first.logits',
      },
      {
        input: `other: Class[${classes + 1}]`,
        loss: `o = 0.1 * mean(first.logits, over = last) * sum(one_hot(other) * range(${classes + 1}, like = one_hot(other)), over = last)`,
        prediction: 'embedding = l2_normalize(first.logits)',
      },
    ]
    const chosen = all.filter(() => this.chance(0.6))
    return {
      inputs: chosen.map(({ input }) => `input ${input}`),
      losses: chosen.map(({ loss }) => loss),
      predictions: chosen.map(({ prediction }) => `predict ${prediction}`),
    }
  }

  private losses(logits: readonly string[], { rows }: { readonly rows: readonly string[] }): string {
    const smoothing = this.chance(0.3) ? ', smoothing = 10%' : ''
    const lines = logits.map((one, index) => `l${index} = cross_entropy(${one}, label${smoothing})`)
    if (logits[0] && this.chance(0.3))
      lines.push(`e = 0.1 * sum(log_softmax(${logits[0]}) * one_hot(label), over = last)`)
    const [row] = rows
    if (row && this.chance(0.4)) lines.push(`c = center_loss(${row}, label) * 0.1`)
    const [first, second] = logits
    if (first && second && this.chance(0.4))
      lines.push(`d = distill(student = ${first}, teacher = ${second}, temperature = ${this.pick([1, 2, 10])})`)
    return lines.join('\n         ')
  }

  /** A loss of pairs of images: some calls on numbers for each pair, and the mean of the result. */
  private pairLoss(): string {
    const batch = { name: 'batch', size: undefined }
    const rows = 'l2_normalize(first.logits)'
    const all = ['pairwise(first.logits)', `pairwise(${rows}, first.logits)`]
    const kinds = [...all, `pairwise(${rows}, by = squared_distance)`, 'same_label(label)', 'same_image(image)']
    const values: Value[] = kinds.map((code) => ({ code, type: ofPairs(batch) }))
    let value = this.pick(values.slice(0, 3))
    for (let step = 0; step < 4 && isOfPairs(value.type); step++) {
      const made = this.attempt(this.pick(ofPairLosses), [...values, value, value])
      const [type] = made?.outputs ?? []
      if (made && type) value = { code: made.code, type }
    }
    return `pairs = 0.1 * ${value.type.shape.length > 1 ? `mean(${value.code}, over = last)` : value.code}`
  }

  private prediction(logits: readonly string[]): string {
    if (logits.length === 1) return `softmax(${logits[0]})`
    return this.pick([
      `mean(${logits.map((one) => `softmax(${one})`).join(', ')})`,
      `softmax(${logits.join(' + ')})`,
      `softmax(${logits[0]})`,
      `softmax(${logits[1]})`,
    ])
  }

  /** Either branch first. No threshold is a probability that logits of zeros have. */
  private cascade(logits: readonly string[], prediction: string): string {
    return `cascade(softmax(${this.pick(logits)}), ${prediction}, sure = ${this.pick([0.37, 0.53, 0.71, 0.97])})`
  }

  private steps(size: number): string {
    return this.chance(0.8)
      ? 'resize(size), normalize(mean = 0.5, deviation = 0.5)'
      : `resize(${size + 2}), center_crop(size), normalize(mean = imagenet, deviation = imagenet)`
  }

  private optimizer(): string {
    return this.pick([
      'optimizer = sgd(rate = 0.05)',
      'optimizer = sgd(rate = 0.05, momentum = 0, weight_decay = 0.01)',
      'optimizer = adam(rate = 0.01)',
      'optimizer = adamw(rate = 0.01)',
    ])
  }

  /** One of the last values more often than not, so that calls build on one another. */
  private recent(values: readonly Value[]): Value {
    return this.pick(this.chance(0.6) ? values.slice(-2) : values)
  }

  private pick<T>(list: readonly T[]): T {
    const item = list[this.random.integer(list.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  private chance(share: number): boolean {
    return this.random.uniform() < share
  }
}

/** A call that is tried out: what does not fit is not written. */
class TriedCall extends TypedCall implements Inference {
  fail(): undefined {
    return undefined
  }
}

function map(channels: number, height: number, width: number): TensorType {
  return {
    element: 'float',
    shape: [
      { name: 'batch', size: undefined },
      { name: 'channels', size: channels },
      { name: 'height', size: height },
      { name: 'width', size: width },
    ],
  }
}

function sameShape(a: TensorType, b: TensorType): boolean {
  return a.shape.map(({ size }) => size).join() === b.shape.map(({ size }) => size).join()
}
