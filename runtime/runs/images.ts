import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import * as z from 'zod'
import { elementAt } from '../../grammar/present.js'
import { hashContents } from '../data/contents.js'
import type { DataSet } from '../data/dataset.js'
import { imageFileOf } from '../data/sample_image.js'
import { reasonOf } from '../failure.js'
import { hasCode, writeAtomically } from '../files.js'
import type { Reporter } from '../reporter.js'

/** The images of a run: paths below the data set's root, and the digest of each file. */
const imagesFile = z.object({ images: z.array(z.tuple([z.string(), z.string()])) })

export interface ImageComparison {
  /** Waits until the images are recorded, or compared and changes reported. */
  finish(): Promise<void>
  /** Cancels unfinished work. */
  stop(): Promise<void>
}

/**
 * Records the content of a run's images, or of a resumed run reports which ones have changed since. Reading all of them takes a while, so it runs in
 * parallel with training. If a run is stopped before the record is written, it is written on resume.
 */
export function compareImages(run: string, { root, splits }: DataSet, reporter: Reporter): ImageComparison {
  const samples = [...splits.train, ...splits.val]
  const paths = samples.map(({ path }) => path)
  const hashing = hashContents(samples.map(imageFileOf))
  const done = hashing.digests
    .then(async (digests) => {
      if (!digests) return
      const images = paths.map((path, index): [string, string] => [relative(root, path), elementAt(digests, index)])
      const file = join(run, 'images.json')
      const known = await readImages(file)
      if (known) reportChanged(images, known, reporter)
      else await writeAtomically(file, `${JSON.stringify({ images })}\n`)
    })
    .catch((error: unknown) => reporter.warn(`the images' contents were not compared: ${reasonOf(error)}`))
  return {
    finish: () => done,
    stop: async () => {
      await hashing.stop()
      await done
    },
  }
}

async function readImages(file: string): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    return new Map(imagesFile.parse(JSON.parse(await readFile(file, 'utf8'))).images)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function reportChanged(
  images: readonly (readonly [path: string, digest: string])[],
  known: ReadonlyMap<string, string>,
  reporter: Reporter,
): void {
  const changed = images.flatMap(([path, digest]) => {
    const before = known.get(path)
    return before && digest && before !== digest ? [path] : []
  })
  if (changed.length === 0) return
  reporter.warn(
    `${changed.length} of ${images.length} images changed since the run began, first ${changed[0]}: it is resumed with them as they are now, and its results differ from what they would have been`,
  )
}
