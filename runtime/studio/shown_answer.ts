import { rank } from '../api/model.js'
import type { Answer } from '../inference/answer.js'
import type { ShownAnswer } from './state.js'

const shownClasses = 5

/** Returns the answer in the form that the page draws: the map in 256 steps, which is all that a screen shows of it. */
export function shownAnswerOf(
  { probabilities, known, box, attention }: Answer,
  classes: readonly string[],
): ShownAnswer {
  const largest = attention?.values.reduce((most, value) => Math.max(most, value), 1e-12) ?? 1
  return {
    classes: rank(probabilities, classes, shownClasses),
    ...(known !== undefined && { known }),
    ...(box && { box: [...box] }),
    ...(attention && {
      map: {
        values: Array.from(attention.values, (value) => Math.round((255 * Math.max(0, value)) / largest)),
        height: attention.height,
        width: attention.width,
        view: attention.view,
      },
    }),
  }
}
