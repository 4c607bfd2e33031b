import * as tf from '@tensorflow/tfjs-core'
import { z } from 'zod'
import type { Setting } from '../../compiler/graph/graph.js'

/** One step of learning. Slots are what an optimiser remembers of each weight: velocity, running means. */
export interface Optimizer {
  /** Slots by their name in a checkpoint, in the layout of the weights. */
  readonly slots: ReadonlyMap<string, Map<string, tf.Variable>>
  /** Steps taken. Adam's bias correction depends on it. */
  steps: number
  apply(variables: ReadonlyMap<string, tf.Variable>, gradients: ReadonlyMap<string, tf.Tensor>, rate: number): void
  dispose(): void
}

const sgdArguments = z.object({ rate: z.number(), momentum: z.number(), weight_decay: z.number() })
const adamArguments = z.object({
  rate: z.number(),
  beta1: z.number(),
  beta2: z.number(),
  eps: z.number(),
  weight_decay: z.number(),
})

type Slots = Map<string, Map<string, tf.Variable>>

const kinds: Readonly<
  Record<string, (given: Setting['arguments'], slots: (name: string) => Map<string, tf.Variable>) => Update>
> = {
  sgd(given, slots) {
    const { momentum, weight_decay: decay } = sgdArguments.parse(given)
    const velocities = slots('velocity')
    return (name, weight, gradient, rate) => {
      const slope = decay === 0 ? gradient : tf.add(gradient, tf.mul(weight, decay))
      if (momentum === 0) {
        weight.assign(tf.sub(weight, tf.mul(slope, rate)))
        return
      }
      const velocity = slot(velocities, name, weight)
      velocity.assign(tf.add(tf.mul(velocity, momentum), slope))
      weight.assign(tf.sub(weight, tf.mul(velocity, rate)))
    }
  },
  adam(given, slots) {
    const { beta1, beta2, eps, weight_decay: decay } = adamArguments.parse(given)
    const means = slots('mean')
    const squares = slots('square')
    return (name, weight, gradient, rate, step) => {
      const slope = decay === 0 ? gradient : tf.add(gradient, tf.mul(weight, decay))
      const mean = slot(means, name, weight)
      const square = slot(squares, name, weight)
      mean.assign(tf.add(tf.mul(mean, beta1), tf.mul(slope, 1 - beta1)))
      square.assign(tf.add(tf.mul(square, beta2), tf.mul(tf.square(slope), 1 - beta2)))
      const root = tf.add(tf.sqrt(tf.div(square, 1 - beta2 ** step)), eps)
      weight.assign(tf.sub(weight, tf.mul(tf.div(mean, root), rate / (1 - beta1 ** step))))
    }
  },
}

type Update = (name: string, weight: tf.Variable, gradient: tf.Tensor, rate: number, step: number) => void

export function makeOptimizer(setting: Setting): Optimizer {
  const slots: Slots = new Map()
  const make = kinds[setting.name]
  if (!make) throw new Error(`no optimiser is called ${setting.name}`)
  const update = make(setting.arguments, (name) => {
    const map = new Map<string, tf.Variable>()
    slots.set(name, map)
    return map
  })
  return {
    slots,
    steps: 0,
    apply(variables, gradients, rate) {
      this.steps++
      for (const [name, gradient] of gradients) {
        const weight = variables.get(name)
        if (weight) tf.tidy(() => update(name, weight, gradient, rate, this.steps))
      }
    },
    dispose() {
      for (const map of slots.values()) for (const variable of map.values()) variable.dispose()
    },
  }
}

function slot(map: Map<string, tf.Variable>, name: string, like: tf.Variable): tf.Variable {
  const known = map.get(name)
  if (known) return known
  const made = tf.keep(tf.variable(tf.zerosLike(like), false))
  map.set(name, made)
  return made
}

/** The rate that a setting begins with. */
export function baseRate({ arguments: { rate } }: Setting): number {
  return typeof rate === 'number' ? rate : 0
}
