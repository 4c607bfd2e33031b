import type { ReportData } from './data.js'
import { counted, percent } from './format.js'
import { imagesOf } from './image_counts.js'

/** The number of validation images below which a class's figures are uncertain. */
const fewImages = 10

/** Returns the limitations of the figures, in sentences of plain text. */
export function limitsOf({ evaluation, answers, data, calibration, baseline }: ReportData): string[] {
  if (!(evaluation?.images || answers?.images) || !data)
    return ['No validation images were available, so nothing was measured for this report.']
  const { perClass = [], localisation, discriminativePart } = evaluation ?? {}
  const few = perClass.filter(({ images }) => images < fewImages).length
  const tests = imagesOf(data, 'test')
  return [
    `The validation split also selected the checkpoint${calibration ? ' and set the calibration' : ''}: expect slightly lower numbers on new images.`,
    tests > 0
      ? `${counted(tests, 'test image')} took no part in this report: wsban evaluate --split test measures on them.`
      : 'There is no test split, which would give an unbiased estimate.',
    'The intervals cover the choice of the validation images, not the randomness of training: this is one run with one seed.',
    ...(data.heldOut
      ? [
          'The validation images were drawn at random from the same folders as the training images: photos of the same object or moment may be in both.',
        ]
      : []),
    ...(few > 0
      ? [
          `${counted(few, 'class', 'classes')} ${few === 1 ? 'has' : 'have'} fewer than ${fewImages} validation images: the scores by class are rough there.`,
        ]
      : []),
    ...(localisation || discriminativePart
      ? []
      : ['The data has no annotated boxes or parts, so the position of the crops was not measured.']),
    ...(baseline || !evaluation
      ? []
      : ['No plain classifier was compared: wsban report --baseline RUN adds one trained on the same images.']),
    ...(evaluation ? [unknownClasses(calibration)] : []),
    'Images from other cameras, places, seasons or backgrounds were not measured.',
  ]
}

function unknownClasses(calibration: ReportData['calibration']): string {
  return calibration
    ? `Images of none of the classes were not measured. The threshold of ${percent(calibration.threshold)} marks some of them; wsban evaluate --unknown DIR measures how many.`
    : 'Images of none of the classes were not measured; the model answers one of its classes for any image.'
}
