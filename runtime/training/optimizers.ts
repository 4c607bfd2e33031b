import * as tf from '@tensorflow/tfjs-core'
import * as z from 'zod'
import type { Setting } from '../../compiler/graph/graph.js'
import { hasCustomOps } from '../kernels/native/execute.js'
import { adamStep, momentumStep } from '../kernels/native/optimizer_steps.js'

/** Updates one weight. */
export interface WeightStep {
  readonly name: string
  readonly weight: tf.Variable
  readonly gradient: tf.Tensor
  readonly rate: number
  readonly decay: number
}

/** Applies optimizer steps. Slots are the state that an optimizer has for each weight: velocity, running means. */
export interface Optimizer {
  /** Slots by their name in a checkpoint, in the layout of the weights. */
  readonly slots: ReadonlyMap<string, Map<string, tf.Variable>>
  /** Steps taken. */
  steps: number
  /** The number of steps that did not update a weight, because it was frozen or had no gradient: Adam's bias correction does not count them. */
  readonly began: Map<string, number>
  apply(moved: Iterable<WeightStep>): void
  dispose(): void
}

const sgdArguments = z.object({ momentum: z.number() })
const adamArguments = z.object({ beta1: z.number(), beta2: z.number(), eps: z.number() })

type Slots = Map<string, Map<string, tf.Variable>>
/** `step` counts from 1, for each weight by itself. */
type Update = (moved: WeightStep, step: number) => void
type Maker = (given: Setting['arguments'], slots: (name: string) => Map<string, tf.Variable>) => Update

const sgd: Maker = (given, slots) => {
  const { momentum } = sgdArguments.parse(given)
  const velocities = slots('velocity')
  return ({ name, weight, gradient, rate, decay }) => {
    const slope = () => withDecay(gradient, weight, decay)
    if (momentum === 0) {
      weight.assign(tf.sub(weight, tf.mul(slope(), rate)))
      return
    }
    const velocity = slot(velocities, name, weight)
    if (hasCustomOps()) {
      momentumStep({ weight, velocity, gradient, learningRate: rate, momentum, weightDecay: decay })
      return
    }
    velocity.assign(tf.add(tf.mul(velocity, momentum), slope()))
    weight.assign(tf.sub(weight, tf.mul(velocity, rate)))
  }
}

/** `decoupled`: weight decay does not enter the moments (AdamW). */
function adam({ decoupled }: { readonly decoupled: boolean }): Maker {
  return (given, slots) => {
    const { beta1, beta2, eps } = adamArguments.parse(given)
    const means = slots('mean')
    const squares = slots('square')
    return ({ name, weight, gradient, rate, decay }, step) => {
      const mean = slot(means, name, weight)
      const square = slot(squares, name, weight)
      const inSlope = decoupled ? 0 : decay
      const shrinking = decoupled ? 1 - rate * decay : 1
      if (hasCustomOps()) {
        adamStep({
          ...{ weight, mean, square, gradient, beta1, beta2, eps, step },
          learningRate: rate,
          weightDecay: inSlope,
          decayFactor: shrinking,
        })
        return
      }
      const slope = withDecay(gradient, weight, inSlope)
      mean.assign(tf.add(tf.mul(mean, beta1), tf.mul(slope, 1 - beta1)))
      square.assign(tf.add(tf.mul(square, beta2), tf.mul(tf.square(slope), 1 - beta2)))
      const root = tf.add(tf.sqrt(tf.div(square, 1 - beta2 ** step)), eps)
      const moved = tf.mul(tf.div(mean, root), rate / (1 - beta1 ** step))
      weight.assign(tf.sub(shrinking === 1 ? weight : tf.mul(weight, shrinking), moved))
    }
  }
}

const kinds: Readonly<Record<string, Maker>> = {
  sgd,
  adam: adam({ decoupled: false }),
  adamw: adam({ decoupled: true }),
}

function withDecay(gradient: tf.Tensor, weight: tf.Variable, decay: number): tf.Tensor {
  return decay === 0 ? gradient : tf.add(gradient, tf.mul(weight, decay))
}

export function makeOptimizer(setting: Setting): Optimizer {
  const slots: Slots = new Map()
  const make = kinds[setting.name]
  if (!make) throw new Error(`no optimizer is called ${setting.name}`)
  const update = make(setting.arguments, (name) => {
    const map = new Map<string, tf.Variable>()
    slots.set(name, map)
    return map
  })
  const seen = new Set<string>()
  const began = new Map<string, number>()
  return {
    slots,
    steps: 0,
    began,
    apply(moved) {
      this.steps++
      const names = new Set<string>()
      for (const one of moved) {
        names.add(one.name)
        if (!seen.has(one.name) && this.steps > 1 && !began.has(one.name) && !known(slots, one.name))
          began.set(one.name, this.steps - 1)
        seen.add(one.name)
        tf.tidy(() => update(one, this.steps - (began.get(one.name) ?? 0)))
      }
      const [remembered] = slots.values()
      for (const name of remembered?.keys() ?? []) if (!names.has(name)) began.set(name, (began.get(name) ?? 0) + 1)
    },
    dispose() {
      for (const map of slots.values()) for (const variable of map.values()) variable.dispose()
    },
  }
}

/** Whether a checkpoint had state for the weight. */
function known(slots: Slots, name: string): boolean {
  return [...slots.values()].some((map) => map.has(name))
}

function slot(map: Map<string, tf.Variable>, name: string, like: tf.Variable): tf.Variable {
  const known = map.get(name)
  if (known) return known
  const made = tf.keep(tf.variable(tf.zerosLike(like), false))
  map.set(name, made)
  return made
}
