/** Models on which a project may be based: one for photos, and optionally a small one to start with. */
export interface Template {
  readonly name: TemplateName
  readonly summary: string
  /** A file of models/ that trains from scratch in minutes, for example on the sample birds. */
  readonly small: string
  /** For photos: uses published weights if wsban can download them. */
  readonly photos: string
  /** The shorter side, in pixels, from which images justify the cost of `photos`. */
  readonly photosFrom: number
}

export const templateNames = ['wsban', 'wsdan', 'tasn', 'cam', 'bilinear_cnn', 'baseline'] as const
export type TemplateName = (typeof templateNames)[number]

export const templates: readonly Template[] = [
  {
    name: 'wsban',
    summary: 'attention, a crop of the discriminative part, the part teaches the whole: what to try first',
    small: 'wsban_tiny',
    photos: 'wsban_lite',
    photosFrom: 128,
  },
  {
    name: 'wsdan',
    summary: 'attention; one part enlarged and one hidden, by chance, in training',
    small: 'wsdan_tiny',
    photos: 'wsdan',
    photosFrom: 300,
  },
  {
    name: 'tasn',
    summary: 'the image sampled more densely where attention is',
    small: 'tasn_tiny',
    photos: 'tasn',
    photosFrom: 300,
  },
  {
    name: 'cam',
    summary: 'a plain classifier whose class activation map localises the object (Zhou et al. 2016)',
    small: 'cam',
    photos: 'cam',
    photosFrom: 128,
  },
  {
    name: 'bilinear_cnn',
    summary: 'bilinear pooling of VGG-16 features, without attention (Lin et al. 2015)',
    small: 'bilinear_cnn',
    photos: 'bilinear_cnn',
    photosFrom: 300,
  },
  {
    name: 'baseline',
    summary: 'a plain classifier, to compare with',
    small: 'baseline_tiny',
    photos: 'baseline_lite',
    photosFrom: 128,
  },
]
