import { z } from 'zod'
import type { Setting } from '../../compiler/graph/graph.js'

/** What the learning rate is multiplied by at a moment of training; `epoch` counts in fractions from 0 to `epochs`. */
export type Schedule = (epoch: number, epochs: number) => number

const staircaseArguments = z.object({ factor: z.number(), every: z.number() })
const cosineArguments = z.object({ floor: z.number(), warm_up: z.number() })

const kinds: Readonly<Record<string, (given: Setting['arguments']) => Schedule>> = {
  constant: () => () => 1,
  staircase(given) {
    const { factor, every } = staircaseArguments.parse(given)
    return (epoch) => factor ** Math.floor(epoch / every + 1e-9)
  },
  cosine(given) {
    const { floor, warm_up: warmUp } = cosineArguments.parse(given)
    return (epoch, epochs) => {
      if (epoch < warmUp) return epoch / warmUp
      const done = Math.min(1, (epoch - warmUp) / Math.max(1e-9, epochs - warmUp))
      return floor + ((1 - floor) * (1 + Math.cos(Math.PI * done))) / 2
    }
  },
}

export function makeSchedule(setting: Setting): Schedule {
  const make = kinds[setting.name]
  if (!make) throw new Error(`no schedule is called ${setting.name}`)
  return make(setting.arguments)
}
