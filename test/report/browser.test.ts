import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { confusedPairs } from '../../runtime/report/confused_pairs.js'
import type { ReportData, ShownImage } from '../../runtime/report/data.js'
import { renderReport } from '../../runtime/report/html.js'
import { accessible } from '../support/accessible.js'
import { browserPath, openBrowser } from '../support/browser.js'
import { sharp } from '../support/sharp.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-report-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** A report in which every section is there; the first class has a name that is markup, and all have long ones. */
async function reportOf(classes: number): Promise<ReportData> {
  const jpeg = await sharp({ create: { width: 60, height: 40, channels: 3, background: '#457' } })
    .jpeg()
    .toBuffer()
  const names = Array.from({ length: classes }, (_, index) =>
    index === 0 ? `<img src=x onerror="document.title='run'">` : `a species with a rather long name ${index}`,
  )
  const nameOf = (index: number) => names[index % classes] ?? ''
  const confusion = names.map((_, truth) =>
    names.map((_, predicted) => (truth === predicted ? 16 : predicted === (truth + 1) % classes ? 4 : 0)),
  )
  const shown = (index: number, right: boolean): ShownImage => ({
    path: `val/${nameOf(index)}/photo_${index}_of_a_long_name_without_a_space.jpg`,
    truth: nameOf(index),
    guesses: ['master', 'part', 'joint'].map((by) => ({
      by,
      name: nameOf(right ? index : index + 1),
      probability: 0.7,
    })),
    image: jpeg,
    overlay: jpeg,
    crop: jpeg,
    overlap: 0.5,
  })
  const images = 20 * classes
  const difference = {
    images,
    onlyFirst: 9,
    onlySecond: 3,
    difference: 6 / images,
    interval: [0, 0.1] as const,
    pValue: 0.15,
  }
  return {
    title: 'wsban_tiny',
    subtitle: '3 epochs',
    epochs: [1, 2, 3].map((epoch) => ({
      epoch,
      losses: { master: 3 / epoch, part: 2 / epoch, centres: 1 / epoch, total: 6 / epoch },
      top1: { joint: epoch / 4, master: epoch / 5, part: epoch / 6 },
    })),
    steps: [1, 2, 3].map((epoch) => ({ epoch, rate: 0.01 / epoch, gradientNorm: epoch })),
    best: 3,
    reason: 'few steps',
    evaluation: {
      images,
      top1: { joint: 0.8, master: 0.7, part: 0.75 },
      top5: 0.95,
      perClass: names.map((name) => ({ name, images: 20, correct: 16 })),
      calibrationError: 0.05,
      calibration: [{ images, confidence: 0.85, accuracy: 0.8 }],
      confusion,
      localisation: { images, meanIou: 0.4, over50: 0.5, wholeImageIou: 0.2 },
    },
    data: {
      classes: names.map((name) => ({ name, images: { train: 60, val: 20, test: 0 } })),
      notes: [],
      heldOut: true,
    },
    differences: [{ branch: 'master', ...difference }],
    baseline: { name: 'runs/baseline', top1: 0.75, ...difference },
    examples: names.slice(0, 24).map((_, index) => shown(index, true)),
    mistakes: [shown(0, false), shown(classes - 1, false)],
    confused: confusedPairs(confusion, 8).map(({ truth, predicted, count, total }) => ({
      truth: nameOf(truth),
      predicted: nameOf(predicted),
      count,
      total,
      images: [{ path: `val/${nameOf(truth)}/1.jpg`, image: jpeg }],
    })),
    cost: { parameters: 231_000, multiplyAdds: 81e6, weightBytes: 1e6, trainingSeconds: 22, millisecondsPerImage: 9 },
    facts: [['settings', `{"classes":${classes}}`]],
    notes: ['A note.'],
    spec: `model ${'x'.repeat(300)}`,
  }
}

for (const classes of [5, 40])
  test(`axe finds nothing in a report of ${classes} classes, light or dark, and no width scrolls`, async (t) => {
    if (browserPath === undefined) {
      t.log('skipped: no Chromium on this machine (WSBAN_CHROMIUM names one)')
      t.pass()
      return
    }
    const file = join(folder, `${classes}.html`)
    writeFileSync(file, renderReport(await reportOf(classes)))
    const { browser, page } = await openBrowser(browserPath)
    try {
      await accessible(t, page, async () => {
        await page.goto(pathToFileURL(file).href)
        t.is(await page.title(), 'wsban_tiny', 'a class name does not run')
      })
    } finally {
      await browser.close()
    }
  })

test('without a script, a class filters the images, and a click enlarges one', async (t) => {
  if (browserPath === undefined) {
    t.log('skipped: no Chromium on this machine (WSBAN_CHROMIUM names one)')
    t.pass()
    return
  }
  const file = join(folder, 'filter.html')
  writeFileSync(file, renderReport(await reportOf(5)))
  const { browser, page } = await openBrowser(browserPath)
  try {
    await page.setViewport({ width: 1280, height: 900 })
    await page.goto(pathToFileURL(file).href)
    const visible = () =>
      page.$$eval('.card-of', (cards) => cards.filter((card) => getComputedStyle(card).display !== 'none').length)
    t.is(await visible(), 7)
    await page.click('#only-1')
    t.is(await visible(), 1)
    await page.click('#only-all')
    const widthOf = () => page.$eval('#example-1 img', (image) => image.getBoundingClientRect().width)
    const small = await widthOf()
    await page.click('#example-1 .open')
    t.true((await widthOf()) > 2 * small)
    await page.click('#example-1 .close')
    t.is(await widthOf(), small)
  } finally {
    await browser.close()
  }
})
