import { averagedName, movingAverages } from '../../compiler/graph/graph.js'
import { present } from '../../grammar/present.js'
import type { ParameterSpec } from '../model.js'
import type { WeightStore } from '../weights/store.js'
import { moveAverage } from './average.js'

/** The parts of a model that are moving averages of others: `teacher = ema(student, 99.6%)`. */
export class MovingAverages {
  /** Their paths. They run in inference mode. */
  readonly paths: readonly string[]

  constructor(private readonly parameters: readonly ParameterSpec[]) {
    this.paths = movingAverages(parameters).map(({ path }) => path)
  }

  /** Updates them after a step. */
  follow({ variables }: WeightStore): void {
    for (const { name, average } of this.parameters) {
      if (!average) continue
      const averaged = averagedName(name, average)
      moveAverage(present(variables.get(name), name), present(variables.get(averaged), averaged), average.decay)
    }
  }
}
