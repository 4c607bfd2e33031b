import type { Reporter } from '../../reporter.js'
import { type DataSet, splitNames } from '../dataset.js'
import { alike, groupsOf, sameContent } from './alike.js'
import { findingsOf } from './findings.js'
import { type ImageFacts, readImageFacts } from './image_facts.js'
import { type ClassCount, type Double, type Inspection, isWithin, type Sizes } from './inspection.js'

/** Inspects every image of a data set and returns its contents, its problems and how to fix them. */
export async function inspectData(data: DataSet, mostUnreadable: number, reporter: Reporter): Promise<Inspection> {
  const { seen, unreadable } = await readImageFacts(data, reporter)
  const double =
    (kind: Double['kind']) =>
    (group: readonly ImageFacts[]): Double => ({
      kind,
      images: group.map(({ sample, split }) => ({
        path: sample.path,
        split,
        class: data.classes[sample.label] as string,
      })),
    })
  const doubles = [...sameContent(seen).map(double('same')), ...groupsOf(alike(seen)).map(double('alike'))]
    // Those across splits and classes, which distort results most, come first.
    .sort((a, b) => Number(isWithin(a)) - Number(isWithin(b)))
  const counted = {
    images: {
      train: data.splits.train.length,
      val: data.splits.val.length,
      test: data.splits.test.length,
    },
    classes: countClasses(data),
    sizes: sizesOf(seen),
    withBox: seen.filter(({ sample }) => sample.truth?.box).length,
    unreadable,
    doubles,
  }
  return { ...counted, findings: findingsOf(counted, mostUnreadable) }
}

function countClasses({ classes, splits }: DataSet): ClassCount[] {
  const counts = classes.map((name) => ({ name, train: 0, val: 0, test: 0 }))
  for (const split of splitNames)
    for (const { label } of splits[split]) {
      const count = counts[label]
      if (count) count[split]++
    }
  return counts
}

function sizesOf(seen: readonly ImageFacts[]): Sizes | undefined {
  const sorted = seen.toSorted((a, b) => a.width * a.height - b.width * b.height)
  if (sorted.length === 0) return undefined
  const at = (index: number) => {
    const { width, height } = sorted[index] as ImageFacts
    return [width, height] as const
  }
  return { smallest: at(0), median: at(sorted.length >> 1), largest: at(sorted.length - 1) }
}
