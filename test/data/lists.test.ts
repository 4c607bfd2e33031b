import { join, relative } from 'node:path'
import test from 'ava'
import { evalBatches } from '../../runtime/data/batches.js'
import { annotationsOn } from '../../runtime/data/ground_truth.js'
import { ImageSource } from '../../runtime/data/image_source.js'
import { openDataSet } from '../../runtime/data/open.js'
import { Failure } from '../../runtime/failure.js'
import { silent } from '../../runtime/reporter.js'
import { contents, folder, images, lists } from '../support/data_folders.js'
import { sharp } from '../support/sharp.js'

const wanted = {
  train: ['a.jpg <i>red</i>, small', 'images/b.jpg blue'],
  val: ['e.jpg blue'],
  test: ['c d.jpg blue'],
}

for (const [name, files] of Object.entries(lists))
  test(name, async (t) => {
    const data = await openDataSet(folder({ ...images, ...files }), { seed: 1 })
    t.deepEqual(data.classes, ['<i>red</i>, small', 'blue'])
    t.deepEqual(contents(data), wanted)
  })

test('a list that is named, with classes that are numbers in their own order', async (t) => {
  const names = Array.from({ length: 12 }, (_, i) => `${i}.jpg`)
  const path = folder({
    ...Object.fromEntries(names.map((name) => [name, null])),
    'labels.csv': `path,label\n${names.map((name, i) => `${name},${i}`).join('\n')}`,
    'other.csv': 'path,label\n0.jpg,x\n',
  })
  const data = await openDataSet(join(path, 'labels.csv'), { seed: 1 })
  t.deepEqual(
    data.classes,
    names.map((_, i) => String(i)),
  )
  const several = await t.throwsAsync(openDataSet(path, { seed: 1 }), { instanceOf: Failure })
  t.is(several?.problem.code, 'data-ambiguous')
})

test('boxes in pixels or fractions, corners or sizes, are one place; others have none', async (t) => {
  const lists = [
    'path,label,xmin,ymin,xmax,ymax\na.jpg,x,10,5,30,15\ne.jpg,x,,,,\n',
    'path,label,x1,y1,x2,y2\na.jpg,x,0.25,0.25,0.75,0.75\ne.jpg,x,,,,\n',
    'path,label,x,y,width,height\na.jpg,x,10,5,20,10\ne.jpg,x,,,,\n',
    // The widely used CSV list of Stanford Cars.
    'relative_im_path,class,bbox_x1,bbox_y1,bbox_x2,bbox_y2,test\na.jpg,x,10,5,30,15,0\ne.jpg,x,,,,,0\n',
  ]
  for (const list of lists) {
    const { splits } = await openDataSet(folder({ 'a.jpg': null, 'e.jpg': null, 'l.csv': list }), { seed: 1 })
    const samples = [...splits.train, ...splits.val].sort((a, b) => (a.path < b.path ? -1 : 1))
    const found = []
    for await (const { annotations } of evalBatches(samples, {
      size: 8,
      steps: [{ name: 'resize', arguments: { size: 8 } }],
      batch: 2,
      images: new ImageSource({ reporter: silent, cacheBytes: 0 }),
    }))
      found.push(...annotations)
    t.deepEqual(
      found.map((places) => places?.box),
      [{ y1: 0.25, x1: 0.25, y2: 0.75, x2: 0.75 }, undefined],
      list,
    )
  }
})

test('boxes in stored pixels turn with the image as EXIF says', async (t) => {
  // One bright block; where it is shown is where its box must be.
  const [width, height] = [40, 20]
  const block = { x1: 4, y1: 12, x2: 12, y2: 18 }
  const data = Buffer.alloc(width * height * 3)
  for (let y = block.y1; y < block.y2; y++) data.fill(255, (y * width + block.x1) * 3, (y * width + block.x2) * 3)
  const { decodeImage } = await import('../../runtime/images/decode.js')
  for (let orientation = 1; orientation <= 8; orientation++) {
    const shown = await decodeImage(
      await sharp(data, { raw: { width, height, channels: 3 } })
        .withMetadata({ orientation })
        .png()
        .toBuffer(),
    )
    const bright = [...shown.data.keys()].filter((i) => i % 3 === 0 && shown.data[i] === 255).map((i) => i / 3)
    const xs = bright.map((i) => i % shown.width)
    const ys = bright.map((i) => Math.floor(i / shown.width))
    const { box } = annotationsOn({ unit: 'stored pixels', box: block }, shown) ?? {}
    const seen = [Math.min(...ys), Math.min(...xs), Math.max(...ys) + 1, Math.max(...xs) + 1]
    const pixels = box && [box.y1 * shown.height, box.x1 * shown.width, box.y2 * shown.height, box.x2 * shown.width]
    t.deepEqual(pixels?.map(Math.round), seen, `orientation ${orientation}`)
  }
})

test('a file that is named and holds no list says what a list is', async (t) => {
  const path = folder({ ...images, 'notes.csv': 'who,when\nx,y\n', 'notes.txt': 'path,label\n', 'none.csv': '' })
  for (const name of ['notes.csv', 'notes.txt', 'none.csv']) {
    const failure = await t.throwsAsync(openDataSet(join(path, name), { seed: 1 }), { instanceOf: Failure })
    t.is(failure?.problem.code, 'list-broken')
    t.regex(failure?.message ?? '', /this is no list of images/)
    t.regex(failure?.problem.help ?? '', /columns path and label/)
  }
})

test('true, in the column of test images, means test; a field that is null is empty; a box may be an object', async (t) => {
  const path = folder({
    ...images,
    'l.json': JSON.stringify([
      { path: 'a.jpg', label: 'x', test: false, note: null, box: { x1: 10, y1: 5, x2: 30, y2: 15 } },
      { path: 'e.jpg', label: 'x', test: true, tags: { colour: 'red' } },
    ]),
  })
  const { splits } = await openDataSet(path, { seed: 1 })
  t.deepEqual(
    [splits.train, splits.test].map((samples) => samples.map((sample) => relative(path, sample.path))),
    [['a.jpg'], ['e.jpg']],
  )
  t.deepEqual(splits.train[0]?.truth, { unit: 'pixels', box: { y1: 5, x1: 10, y2: 15, x2: 30 } })
})

test('classes that a model was not made for are reported', async (t) => {
  const path = folder({ ...images, 'l.csv': 'path,label,split\na.jpg,x,train\ne.jpg,y,val\n' })
  const failure = await t.throwsAsync(openDataSet(path, { seed: 1, classes: ['x', 'z'] }), { instanceOf: Failure })
  t.is(failure?.problem.code, 'data-classes')
  t.regex(failure?.message ?? '', /the model does not know 1 class of val: "y" \(the first: .*l\.csv, line 3\)/)
  t.is(failure?.problem.help, 'the model\'s classes are "x", "z"')
})
