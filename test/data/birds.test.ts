import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { writeSampleBirds } from '../../runtime/data/birds/index.js'
import { openDataSet } from '../../runtime/data/open.js'
import { Failure } from '../../runtime/failure.js'
import { silent } from '../../runtime/reporter.js'

const root = mkdtempSync(join(tmpdir(), 'wsban-birds-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))

function hashOf(folder: string): string {
  const hash = createHash('sha256')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  for (const file of files) hash.update(file.slice(folder.length)).update(readFileSync(file))
  return hash.digest('hex')
}

test('the same seed draws the same bytes, with a true box for each image', async (t) => {
  const [first, second, other] = ['first', 'second', 'other'].map((name) => join(root, name))
  if (!first || !second || !other) throw new Error('no folders')
  await writeSampleBirds(first, { seed: 1, size: 'small' }, silent)
  await writeSampleBirds(second, { seed: 1, size: 'small' }, silent)
  await writeSampleBirds(other, { seed: 2, size: 'small' }, silent)
  t.is(hashOf(second), hashOf(first))
  t.not(hashOf(other), hashOf(first))
  const { classes, splits, notes } = await openDataSet(first, { seed: 1 })
  t.deepEqual([classes.length, splits.train.length, splits.val.length], [8, 480, 160])
  t.deepEqual(notes.slice(1), ['boxes.csv gives the true box of 640 of 640 images'])
  for (const { truth } of [...splits.train, ...splits.val]) {
    const { y1, x1, y2, x2 } = truth?.box ?? { y1: 0, x1: 0, y2: 0, x2: 0 }
    t.true(y1 >= 0 && x1 >= 0 && y2 <= 1 && x2 <= 1 && y2 - y1 > 0.1 && x2 - x1 > 0.1, JSON.stringify(truth))
  }
  // A data set that wsban has written may be replaced.
  await writeSampleBirds(other, { seed: 1, size: 'small' }, silent)
  t.is(hashOf(other), hashOf(first))
})

test('a folder of other files is left unchanged', async (t) => {
  const path = join(root, 'mine')
  mkdirSync(path)
  writeFileSync(join(path, 'thesis.txt'), 'do not lose')
  const error = await t.throwsAsync(writeSampleBirds(path, { seed: 1, size: 'small' }, silent), { instanceOf: Failure })
  t.is(error?.problem.code, 'folder-not-empty')
  t.deepEqual(readdirSync(path), ['thesis.txt'])
})
