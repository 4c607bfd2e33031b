import * as z from 'zod'
import type { Setting } from '../../compiler/graph/graph.js'

/** Returns the factor of the learning rate at a moment of training; `epoch` counts in fractions from 0 to `epochs`. */
export type Schedule = (epoch: number, epochs: number) => number

type Arguments = Setting['arguments']

const staircaseArguments = z.object({ factor: z.number(), every: z.number() })
const stepArguments = z.object({ at: z.array(z.number()), factor: z.number() })
const cosineArguments = z.object({ floor: z.number(), warm_up: z.number() })
const warmUpArgument = z.object({ warm_up: z.number().default(0) })

/** Tolerance for epochs as fractions, which may fall short of a boundary by rounding. */
const almost = 1e-9

const kinds: Readonly<Record<string, (given: Arguments) => Schedule>> = {
  constant: () => () => 1,
  staircase(given) {
    const { factor, every } = staircaseArguments.parse(given)
    return (epoch) => factor ** Math.floor(epoch / every + almost)
  },
  step(given) {
    const { at, factor } = stepArguments.parse(given)
    return (epoch) => factor ** at.filter((border) => epoch + almost >= border).length
  },
  cosine(given) {
    const { floor, warm_up: warmUp } = cosineArguments.parse(given)
    return (epoch, epochs) => {
      const done = Math.min(1, Math.max(0, epoch - warmUp) / Math.max(almost, epochs - warmUp))
      return floor + ((1 - floor) * (1 + Math.cos(Math.PI * done))) / 2
    }
  },
}

/** The schedule, rising from zero during its warm-up. */
export function makeSchedule(setting: Setting): Schedule {
  const make = kinds[setting.name]
  if (!make) throw new Error(`no schedule is called ${setting.name}`)
  const shape = make(setting.arguments)
  const { warm_up: warmUp } = warmUpArgument.parse(setting.arguments)
  return (epoch, epochs) => shape(epoch, epochs) * (epoch < warmUp ? epoch / warmUp : 1)
}

/** The rate that a schedule multiplies. */
export function baseRate({ arguments: { rate } }: Setting): number {
  return typeof rate === 'number' ? rate : 0
}
