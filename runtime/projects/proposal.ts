import type { DataSummary } from './data_summary.js'
import type { Template } from './templates.js'

/** A model and how to train it, for a data set. */
export interface Proposal {
  /** Below models/. */
  readonly model: string
  /** Values of its parameters. */
  readonly settings: Readonly<Record<string, number>>
  /** Lines of the train block that differ from the model's own. */
  readonly training: Readonly<Record<string, number | string>>
  /** Facts about the data and the choices that follow from them, a sentence each. */
  readonly reasons: readonly string[]
}

/** Below this number of training images, smaller batches give more steps per epoch. */
const fewImages = 200

/**
 * Optimizer steps after which the models level off on data sets like the sample birds (random weights) and Oxford Flowers 17 (published
 * weights): an epoch of few images has few steps, and many images need fewer epochs.
 */
const steps = { published: 600, random: 1500 }
const [leastEpochs, mostEpochs] = [5, 40]

/** From this ratio of the largest to the smallest class, the classes are weighted. */
const unequal = 4

/** Proposes a model of the template's for the data, and the settings of its training. */
export function propose(template: Template, { classes, train, shorterSide, smallest, largest }: DataSummary): Proposal {
  const photos = shorterSide >= template.photosFrom
  const batch = train < fewImages ? 8 : 16
  const stepsPerEpoch = Math.max(1, Math.ceil(train / batch))
  const wanted = (photos ? steps.published : steps.random) / stepsPerEpoch
  const epochs = Math.min(mostEpochs, Math.max(leastEpochs, Math.ceil(wanted)))
  const model = photos ? template.photos : template.small
  const weighted = largest > unequal * smallest
  return {
    model,
    settings: { classes },
    training: {
      epochs,
      ...(train < fewImages && { batch }),
      ...(weighted && { class_weights: 'balanced' }),
    },
    reasons: [
      `${classes} classes, ${train} training images; the median of their shorter sides is ${shorterSide} pixels`,
      photos
        ? `${model}: images of this size suit a network that was pretrained on photos`
        : `${model}: images of this size are too small for a network that was pretrained on photos`,
      `${epochs} epochs: ${epochs * stepsPerEpoch} steps of ${batch} images`,
      ...(weighted ? [`class_weights = balanced: classes have between ${smallest} and ${largest} images`] : []),
    ],
  }
}
