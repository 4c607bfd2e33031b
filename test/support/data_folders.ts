import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import test from 'ava'
import type { DataSet } from '../../runtime/data/dataset.js'
import { cells, matFile, numbers, structs, text } from './mat5.js'
import { sharp } from './sharp.js'

const root = mkdtempSync(join(tmpdir(), 'wsban-formats-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))

let image: Buffer
test.before(async () => {
  image = await sharp({ create: { width: 40, height: 20, channels: 3, background: '#37a' } })
    .jpeg()
    .toBuffer()
})

let made = 0
export type Files = Readonly<Record<string, string | Buffer | null>>

/** Creates a data set of these files, removed after the tests of the file; those without content are images of 40 x 20. */
export function folder(files: Files): string {
  const path = join(root, String(made++))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), content ?? image)
  }
  return path
}

/** Returns the paths and classes of a data set by split. */
export function contents({ root: from, classes, splits }: DataSet) {
  return Object.fromEntries(
    Object.entries(splits).map(([split, samples]) => [
      split,
      samples.map(({ path, label }) => `${relative(from, path)} ${classes[label]}`),
    ]),
  )
}

/** A small CUB-200-2011. */
export const cub = {
  'images/001.Albatross/a.jpg': null,
  'images/001.Albatross/b.jpg': null,
  'images/002.Auklet/c.jpg': null,
  'images/002.Auklet/d.jpg': null,
  'images.txt': '1 001.Albatross/a.jpg\n2 001.Albatross/b.jpg\n3 002.Auklet/c.jpg\n4 002.Auklet/d.jpg\n',
  'image_class_labels.txt': '1 1\n2 1\n3 2\n4 2\n',
  'classes.txt': '1 001.Albatross\n2 002.Auklet\n3 003.Bunting\n',
  'train_test_split.txt': '1 1\n2 1\n3 1\n4 0\n',
  'bounding_boxes.txt': '1 10.0 5.0 20.0 10.0\n2 0 0 40 20\n3 0 0 40 20\n4 10.0 5.0 20.0 10.0\n',
  'parts/parts.txt': '1 back\n2 left eye\n',
  'parts/part_locs.txt': '4 1 20.0 10.0 1\n4 2 0.0 0.0 0\n',
}

/** A small FGVC-Aircraft. */
export const aircraft = {
  'data/images/0034309.jpg': null,
  'data/images/0034958.jpg': null,
  'data/images/1025794.jpg': null,
  'data/images_variant_train.txt': '0034309 707-320\n',
  'data/images_variant_val.txt': '0034958 707-320\n',
  'data/images_variant_trainval.txt': '0034309 707-320\n0034958 707-320\n',
  'data/images_variant_test.txt': '1025794 707-320\n',
  'data/variants.txt': '707-320\n',
  'data/images_box.txt': '0034309 1 1 40 20\n1025794 11 6 30 15\n',
}

/** Images for lists. */
export const images = { 'a.jpg': null, 'images/b.jpg': null, 'c d.jpg': null, 'e.jpg': null }

/** The same list in every form. */
export const lists: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a CSV list with a byte order mark, CRLF and quotes': {
    'labels.csv':
      '\uFEFFpath,label,split\r\na.jpg,"<i>red</i>, small",train\r\nb.jpg,blue,train\r\nc d.jpg,blue,test\r\ne.jpg,blue,valid\r\n',
  },
  'a JSON list': {
    'labels.json': JSON.stringify([
      { file_name: 'a.jpg', label: '<i>red</i>, small', split: 'train', tags: ['x'] },
      { file_name: 'images/b.jpg', label: 'blue', split: 'train' },
      { file_name: 'c d.jpg', label: 'blue', split: 'test' },
      { file_name: 'e.jpg', label: 'blue', split: 'val' },
    ]),
    'package.json': '{ "name": "something else" }',
  },
  'JSON Lines': {
    'labels.jsonl':
      '{"path":"a.jpg","class":"<i>red</i>, small","split":"train"}\n\n{"path":"b.jpg","class":"blue","split":"training"}\n{"path":"c d.jpg","class":"blue","split":"Test"}\n{"path":"e.jpg","class":"blue","split":"dev"}\n',
  },
  'a list a split, beside tables of something else': {
    'train.csv': 'Image,Class\na.jpg,"<i>red</i>, small"\nb.jpg,blue\n',
    'val.csv': 'Image,Class\ne.jpg,blue\n',
    'test.csv': 'Image,Class\nc d.jpg,blue\n',
    'notes.csv': 'who,when\nsomebody,"open\n',
  },
}

/** Stanford Cars of one image, with these fields changed. */
export function car(
  fields: Readonly<Record<string, Buffer>>,
  classes: Buffer = cells('class_names', text('', 'Audi')),
) {
  const sides = { bbox_x1: 1, bbox_y1: 1, bbox_x2: 40, bbox_y2: 20, class: 1 }
  const given = Object.fromEntries(Object.entries(sides).map(([name, side]) => [name, numbers('', side)]))
  return {
    'cars_train/1.jpg': null,
    'cars_meta.mat': matFile(classes),
    'cars_train_annos.mat': matFile(structs('annotations', { ...given, fname: text('', '1.jpg'), ...fields })),
  }
}
