import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { writeSampleBirds } from '../../runtime/data/birds/index.js'
import { boxesFile } from '../../runtime/data/boxes.js'
import { silent } from '../../runtime/reporter.js'

/** Writes the sample birds and their annotations, with the given number of images of each of the eight classes. */
export async function writeFewBirds(
  folder: string,
  count: { readonly train: number; readonly val: number },
): Promise<void> {
  const all = `${folder} all`
  await writeSampleBirds(all, { seed: 1, size: 'small' }, silent)
  mkdirSync(folder)
  symlinkSync(join(all, boxesFile), join(folder, boxesFile))
  for (const split of ['train', 'val'] as const)
    for (const name of readdirSync(join(all, split))) {
      const to = join(folder, split, name)
      mkdirSync(to, { recursive: true })
      const files = readdirSync(join(all, split, name))
        .sort()
        .slice(0, count[split])
      for (const file of files) symlinkSync(join(all, split, name, file), join(to, file))
    }
}
