import { splitNames } from '../dataset.js'
import { counted, listed } from '../listing.js'
import { type Double, type Finding, type Inspection, isWithin } from './inspection.js'

/** Classes with fewer training images are rarely learned. */
const FEW = 10
/** Above this ratio of class sizes, the largest class is predicted too often. */
const UNEVEN = 5
/** Images with a shorter side are blurred at the input sizes of models. */
const SMALL = 64

export function findingsOf(found: Omit<Inspection, 'findings'>, mostUnreadable: number): Finding[] {
  return [
    ...aboutReading(found, mostUnreadable),
    ...aboutDoubles(found.doubles),
    ...aboutClasses(found),
    ...aboutSizes(found),
  ]
}

function aboutReading({ unreadable, images }: Omit<Inspection, 'findings'>, most: number): Finding[] {
  return splitNames.flatMap((split): Finding[] => {
    const count = unreadable.filter((one) => one.split === split).length
    if (count === 0) return []
    const tooMany = count > most * images[split]
    return [
      {
        severity: tooMany ? 'error' : 'warning',
        code: 'unreadable',
        message: `${count} of ${images[split]} ${split} images cannot be read${tooMany ? `, more than ${Number((most * 100).toPrecision(6))} %` : ''}`,
        help: tooMany
          ? 'get them again or take them out; training stops at so many (or allow more: --max-unreadable)'
          : 'get them again or take them out; training leaves them out',
      },
    ]
  })
}

function aboutDoubles(doubles: readonly Double[]): Finding[] {
  const across = (kind: Double['kind']) =>
    doubles.filter((double) => double.kind === kind && new Set(double.images.map(({ split }) => split)).size > 1).length
  const ofTwoClasses = (kind: Double['kind']) =>
    doubles.filter((double) => double.kind === kind && new Set(double.images.map((one) => one.class)).size > 1).length
  const findings: Finding[] = []
  const same = across('same')
  if (same > 0)
    findings.push({
      severity: 'error',
      code: 'same-across-splits',
      message: `${counted(same, 'image')} in more than one split, byte for byte`,
      help: 'keep each image in one split: images seen in training make validation and test accuracy too high',
    })
  const near = across('alike')
  if (near > 0)
    findings.push({
      severity: 'warning',
      code: 'alike-across-splits',
      message: `${counted(near, 'group')} of near-duplicate images in more than one split`,
      help: 'look at them; keep images of one scene in one split',
    })
  const labels = ofTwoClasses('same')
  if (labels > 0)
    findings.push({
      severity: 'error',
      code: 'same-in-classes',
      message: `${counted(labels, 'image')} in more than one class, byte for byte`,
      help: 'remove the image from the wrong class',
    })
  const unsure = ofTwoClasses('alike')
  if (unsure > 0)
    findings.push({
      severity: 'warning',
      code: 'alike-in-classes',
      message: `${counted(unsure, 'group')} of near-duplicate images in more than one class`,
      help: 'look at them; one of the labels may be wrong',
    })
  const within = doubles.filter(isWithin)
  const more = within.reduce((sum, { images }) => sum + images.length - 1, 0)
  if (more > 0)
    findings.push({
      severity: 'warning',
      code: 'double-within-split',
      message: `${counted(more, 'image')} more than once in one split and class, the same or near-duplicates (${counted(within.length, 'group')})`,
      help: 'they count more than once; keep one of each, and give the data a val split of its own so that no copies are held out from train',
    })
  return findings
}

function aboutClasses({ classes, images }: Omit<Inspection, 'findings'>): Finding[] {
  const findings: Finding[] = []
  if (classes.length === 1)
    findings.push({
      severity: 'error',
      code: 'one-class',
      message: `there is one class only: ${listed(classes.map(({ name }) => name))}`,
      help: 'a classifier needs two or more; check that the folders (or the list) are classes',
    })
  const counts = classes.map(({ train }) => train)
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  const few = classes.filter(({ train }) => train < FEW)
  if (few.length > 0)
    findings.push({
      severity: 'warning',
      code: 'few-images',
      message: `${counted(few.length, 'class', 'classes')} with fewer than ${FEW} training images: ${listed(few.map(({ name }) => name))}`,
      help: 'add images, or leave these classes out',
    })
  if (least > 0 && most > UNEVEN * least)
    findings.push({
      severity: 'warning',
      code: 'uneven-classes',
      message: `the largest class has ${most} training images, the smallest ${least}: ${(most / least).toFixed(1)} times as many`,
      help: 'add images to the small classes, or set class_weights in the train block; look at per-class accuracy, not at the mean',
    })
  const unchecked = classes.filter(({ val }) => val === 0)
  if (images.val > 0 && unchecked.length > 0)
    findings.push({
      severity: 'warning',
      code: 'no-val-images',
      message: `${counted(unchecked.length, 'class', 'classes')} without val images: ${listed(unchecked.map(({ name }) => name))}`,
      help: 'their accuracy cannot be measured; move some of their images to val',
    })
  return findings
}

function aboutSizes({ sizes }: Omit<Inspection, 'findings'>): Finding[] {
  if (!sizes || Math.min(...sizes.smallest) >= SMALL) return []
  return [
    {
      severity: 'warning',
      code: 'small-images',
      message: `the smallest image is ${sizes.smallest[0]} x ${sizes.smallest[1]}`,
      help: `models upscale such images; images under ${SMALL} pixels show no parts`,
    },
  ]
}
