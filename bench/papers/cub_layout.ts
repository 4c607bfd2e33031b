/**
 * Writes the sample birds in the layout of CUB-200-2011's archive, for a trial of the reproduction kit:
 *
 *   npx tsx bench/papers/cub_layout.ts FOLDER [images of a class in train] [in test]
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeSampleBirds } from '../../runtime/data/birds/index.js'
import { boxesFile } from '../../runtime/data/boxes.js'
import { silent } from '../../runtime/reporter.js'

/** Of the sample birds, in pixels. */
const side = 224

/** @param counts images of each class in train and test */
export async function writeCubLayout(
  folder: string,
  counts: { readonly train: number; readonly test: number },
): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'wsban-cub-'))
  try {
    const birds = join(work, 'birds')
    await writeSampleBirds(birds, { seed: 1, size: 'small' }, silent)
    const boxes = new Map(
      readFileSync(join(birds, boxesFile), 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => {
          const [path = '', ...numbers] = line.split(',')
          return [path, numbers.map(Number)] as const
        }),
    )
    const names = readdirSync(join(birds, 'train')).sort()
    const lines: Record<'images' | 'labels' | 'split' | 'boxes', string[]> = {
      images: [],
      labels: [],
      split: [],
      boxes: [],
    }
    names.forEach((name, label) => {
      const own = `${String(label + 1).padStart(3, '0')}.${name}`
      mkdirSync(join(folder, 'images', own), { recursive: true })
      for (const [from, wanted, isTrain] of [
        ['train', counts.train, 1],
        ['val', counts.test, 0],
      ] as const)
        for (const file of readdirSync(join(birds, from, name))
          .sort()
          .slice(0, wanted)) {
          const id = lines.images.length + 1
          const [y1 = 0, x1 = 0, y2 = 1, x2 = 1] = boxes.get(`${from}/${name}/${file}`) ?? []
          cpSync(join(birds, from, name, file), join(folder, 'images', own, `${from}_${file}`))
          lines.images.push(`${id} ${own}/${from}_${file}`)
          lines.labels.push(`${id} ${label + 1}`)
          lines.split.push(`${id} ${isTrain}`)
          lines.boxes.push(`${id} ${[x1, y1, x2 - x1, y2 - y1].map((share) => (share * side).toFixed(1)).join(' ')}`)
        }
    })
    const write = (name: string, content: readonly string[]) =>
      writeFileSync(join(folder, name), `${content.join('\n')}\n`)
    write(
      'classes.txt',
      names.map((name, label) => `${label + 1} ${String(label + 1).padStart(3, '0')}.${name}`),
    )
    write('images.txt', lines.images)
    write('image_class_labels.txt', lines.labels)
    write('train_test_split.txt', lines.split)
    write('bounding_boxes.txt', lines.boxes)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder, train = '60', test = '20'] = process.argv.slice(2)
  if (folder === undefined) throw new Error('npx tsx bench/papers/cub_layout.ts FOLDER')
  await writeCubLayout(folder, { train: Number(train), test: Number(test) })
}
