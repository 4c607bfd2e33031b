import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { readSamples } from '../../runtime/page/read_samples.js'
import { showing } from '../support/browser.js'
import { exportedPage, testInBrowser, writeNoise } from '../support/exported_page.js'
import { sharp } from '../support/sharp.js'

const { folder, place } = exportedPage({ classes: ['a', 'b'] })

test('a sample photo keeps its pixels upright and none of its metadata', async (t) => {
  const photo = join(folder, 'with place.jpg')
  await sharp({ create: { width: 1600, height: 400, channels: 3, background: 'teal' } })
    .withExif({ IFD0: { Artist: 'A. Person', ImageDescription: 'secret garden' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toFile(photo)
  const [sample] = await readSamples([photo])
  t.is(sample?.name, 'with place.jpg')
  const jpeg = Buffer.from(sample?.uri.replace('data:image/jpeg;base64,', '') ?? '', 'base64')
  const { width, height, exif, orientation } = await sharp(jpeg).metadata()
  t.deepEqual(
    { width, height, exif, orientation },
    { width: 200, height: 800, exif: undefined, orientation: undefined },
  )
})

test('a page has no samples unless it is given some', async (t) => {
  t.regex(readFileSync(join(place, 'index.html'), 'utf8'), /"samples":\[\]/)
})

const { url } = exportedPage(async (own) => ({
  classes: ['a', 'b'],
  samples: await readSamples([await writeNoise(join(own, '<i>&.png'), 60, 40)]),
}))

testInBrowser('a sample photo is answered like any other', async (t, page, errors) => {
  await page.goto(url)
  await page.click('#sample-list button')
  await showing(page, '#photo-name', /^<i>&\.png$/)
  await showing(page, '#status', /^60 × 40 pixels, answered in/)
  t.deepEqual(errors, [])
})
