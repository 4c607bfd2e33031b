import type { Answer, Predictor } from '../inference/answer.js'
import { namedPredictions, predictionText } from '../inference/named_predictions.js'
import { rank } from '../inference/ranked_classes.js'
import type { ShownAnswer } from './state.js'

const shownClasses = 5

/** Returns the prediction in the form that the page draws, with the map quantised to 256 levels. */
export function shownAnswerOf(
  answer: Answer,
  predictor: Pick<Predictor, 'classes' | 'signature' | 'labelNames'>,
): ShownAnswer {
  const { probabilities, known, box, attention } = answer
  const others = Object.entries(namedPredictions(answer, predictor) ?? {}).flatMap(
    ([name, prediction]) => predictionText(name, prediction) ?? [],
  )
  const largest = attention?.values.reduce((most, value) => Math.max(most, value), 1e-12) ?? 1
  return {
    classes: rank(probabilities, predictor.classes, shownClasses),
    others,
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
