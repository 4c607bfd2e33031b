import { join } from 'node:path'
import { accessible } from '../support/accessible.js'
import { showing } from '../support/browser.js'
import { choose, doubtingCalibration, exportedPage, testInBrowser, writeNoise } from '../support/exported_page.js'

const { folder, url } = exportedPage({
  classes: ['red', 'green', 'blue', 'yellow', 'violet', 'grey'],
  calibration: doubtingCalibration,
})
for (const [width, height] of [
  [400, 300],
  [300, 400],
] as const)
  testInBrowser(`the first screen of a phone shows a photo of ${width} x ${height} and its answer`, async (t, page) => {
    const photo = await writeNoise(join(folder, `phone${width}.png`), width, height)
    await page.setViewport({ width: 390, height: 844, isMobile: true, hasTouch: true })
    await page.goto(url)
    await choose(page, photo)
    await showing(page, '#status', /answered in/)
    const [bottom, ...edges] = await page.evaluate(() =>
      ['choose', 'seen', 'headline', 'classes'].map((id) => {
        const { top, bottom: end } = document.getElementById(id)?.getBoundingClientRect() ?? new DOMRect(0, 1e6)
        return id === 'choose' ? top : end
      }),
    )
    t.is(await page.evaluate(() => scrollY), 0)
    for (const edge of edges) t.true(edge <= (bottom ?? 0), `${edge} is below ${bottom}`)
  })

testInBrowser('axe finds nothing on the page, before and after an answer', async (t, page) => {
  const photos = await Promise.all([40, 50].map((side) => writeNoise(join(folder, `axe${side}.png`), side, side)))
  // The content security policy blocks scripts of tests.
  await page.setBypassCSP(true)
  await page.goto(url)
  await showing(page, '#status', /^Ready/)
  await accessible(t, page)
  await choose(page, ...photos)
  await page.waitForFunction(() => document.querySelectorAll('#photos [data-state=answered]').length === 2, {
    polling: 100,
  })
  await accessible(t, page)
})
