import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeSampleBirds } from '../../../runtime/data/birds/index.js'
import type { Sample } from '../../../runtime/data/dataset.js'
import { openDataSet } from '../../../runtime/data/open.js'
import { silent } from '../../../runtime/reporter.js'
import type { EncodedPhoto, SampleBirds, TrainingBirds } from './sample_birds.js'

/** The default seed of `wsban data sample` and `wsban train`. */
const seed = 1

/** Returns the sample birds of `wsban data sample`, in the order in which training reads them, and the weights trained on them. */
export async function readSampleBirds(): Promise<{ readonly samples: SampleBirds; readonly training: TrainingBirds }> {
  const temporary = await mkdtemp(join(tmpdir(), 'wsban-birds-'))
  try {
    const folder = join(temporary, 'birds')
    await writeSampleBirds(folder, { seed, size: 'small' }, silent)
    const { classes, splits } = await openDataSet(folder, { seed })
    const encoded = ({ path, label }: Sample): Promise<EncodedPhoto> =>
      readFile(path, 'base64').then((base64) => ({ path: relative(folder, path), label, base64 }))
    const [train, val] = [await Promise.all(splits.train.map(encoded)), await Promise.all(splits.val.map(encoded))]
    const weights = await readFile(fileURLToPath(new URL('weights.safetensors', import.meta.url)), 'base64')
    const firstOfEach = classes.flatMap((_, label) => val.find((photo) => photo.label === label) ?? [])
    return { samples: { classes, weights, photos: firstOfEach }, training: { classes, train, val } }
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}
