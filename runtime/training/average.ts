import * as tf from '@tensorflow/tfjs-core'
import * as z from 'zod'
import type { Setting } from '../../compiler/graph/graph.js'
import type { WeightStore } from '../weights/store.js'

const emaArguments = z.object({ decay: z.number(), warm_up: z.boolean() })

/** A moving average of all weights and statistics of a model in training. */
export class WeightAverage {
  private readonly decay: number
  private readonly warmUp: boolean

  constructor(
    setting: Setting,
    readonly weights: WeightStore,
  ) {
    const given = emaArguments.parse(setting.arguments)
    this.decay = given.decay
    this.warmUp = given.warm_up
  }

  /** @param step steps taken, this one counted */
  follow(learning: WeightStore, step: number): void {
    const decay = this.warmUp ? Math.min(this.decay, (1 + step) / (10 + step)) : this.decay
    for (const [name, average] of this.weights.variables) {
      const variable = learning.variables.get(name)
      if (variable) moveAverage(average, variable, decay)
    }
  }
}

/** average = decay average + (1 - decay) value */
export function moveAverage(average: tf.Variable, value: tf.Variable, decay: number): void {
  tf.tidy(() => {
    average.assign(tf.add(tf.mul(average, decay), tf.mul(value, 1 - decay)))
  })
}
