import type { Setting } from '../graph/graph.js'

/** The preprocessing in training. The augmentation replaces the input's steps; the normalisation always comes last, as in evaluation. */
export function trainingSteps({
  image,
  plan,
}: {
  readonly image: { readonly steps: readonly Setting[] }
  readonly plan: { readonly augment?: readonly Setting[] }
}): readonly Setting[] {
  if (!plan.augment) return image.steps
  return [
    ...plan.augment.filter(({ name }) => name !== 'normalize'),
    ...image.steps.filter(({ name }) => name === 'normalize'),
  ]
}
