import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { showing } from '../support/browser.js'
import { choose, exportedPage, testInBrowser, writeNoise } from '../support/exported_page.js'

const { folder, url } = exportedPage({
  classes: ['001.Black_footed_Albatross', '002.Laysan_Albatross', '003.Sooty_Albatross'],
})
testInBrowser('a file that cannot be read takes away the result of the photo before it', async (t, page, errors) => {
  const photo = await writeNoise(join(folder, 'good.png'), 64, 64)
  const notes = join(folder, 'notes.txt')
  writeFileSync(notes, 'no image')
  const cut = join(folder, 'cut.jpg')
  writeFileSync(cut, Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]))
  await page.goto(url)
  await choose(page, photo)
  await showing(page, '#status', /answered in/)
  for (const [path, reason] of [
    [notes, /^notes\.txt cannot be read: it is not one of JPEG, .*Choose a photo\.$/],
    [cut, /^cut\.jpg is JPEG, but cannot be decoded/],
  ] as const) {
    await choose(page, path)
    await showing(page, '#problem', reason)
    t.deepEqual(
      await page.evaluate(() =>
        ['answer', 'image', 'part'].map((id) => document.getElementById(id)?.checkVisibility() ?? true),
      ),
      [false, false, false],
    )
    t.is(await page.$eval('#best', (best) => best.textContent), '')
    t.is(await page.$eval('#result', (result) => result.getAttribute('data-box')), null)
  }
  await choose(page, photo)
  await showing(page, '#status', /answered in/)
  t.false(await page.$eval('#problem', (problem) => problem.checkVisibility()))
  t.deepEqual(errors, [])
})

testInBrowser(
  'several photos make a list that the keyboard reaches, with the names of classes as people read them',
  async (t, page, errors) => {
    const paths = await Promise.all([70, 80, 90].map((side) => writeNoise(join(folder, `side${side}.png`), side, 50)))
    await page.goto(url)
    await choose(page, ...paths)
    await page.waitForFunction(() => document.querySelectorAll('#photos [data-state=answered]').length === 3, {
      polling: 100,
    })
    t.regex((await page.$eval('#status', (status) => status.textContent)) ?? '', /^70 × 50/)
    const lines = await page.$$eval('#photos button', (buttons) => buttons.map((button) => button.textContent))
    for (const line of lines) t.regex(line ?? '', /^side\d0\.png(?:Black footed|Laysan|Sooty) Albatross, \d\d\.\d %$/)
    t.regex((await page.$eval('#label', (label) => label.textContent)) ?? '', /^00\d\.\w+_Albatross$/)

    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
    for (let presses = 0; !(await focused()).startsWith('side90.png'); presses++) {
      if (presses > 20) throw new Error('Tab does not reach the photo')
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('Enter')
    await showing(page, '#status', /^90 × 50 pixels, answered in/)
    t.is(await page.$eval('#photo-name', (name) => name.textContent), 'side90.png')
    t.deepEqual(
      await page.$$eval('#photos button', (buttons) => buttons.map((button) => button.getAttribute('aria-pressed'))),
      ['false', 'false', 'true'],
    )
    const spoken = () => page.$eval('#announcement', (announcement) => announcement.textContent)
    t.regex((await spoken()) ?? '', /Albatross, \d\d\.\d %$/)
    await page.click('#clear')
    t.is(await spoken(), '')
    t.false(await page.$eval('#result', (result) => result.checkVisibility()))
    t.is(await focused(), 'Choose photos')
    t.is(await page.$$eval('#photos li', (entries) => entries.length), 0)
    t.deepEqual(errors, [])
  },
)

testInBrowser('photos are dropped anywhere and pasted', async (t, page, errors) => {
  await page.goto(url)
  for (const [name, kind] of [
    ['dropped.png', 'drop'],
    ['pasted.png', 'paste'],
  ] as const) {
    await page.evaluate(
      async (fileName, type) => {
        const canvas = new OffscreenCanvas(40, 30)
        canvas.getContext('2d')?.fillRect(10, 10, 20, 10)
        const drawn = await canvas.convertToBlob({ type: 'image/png' })
        const given = new DataTransfer()
        given.items.add(new File([drawn], fileName, { type: 'image/png' }))
        document.body.dispatchEvent(
          type === 'drop'
            ? new DragEvent('drop', { dataTransfer: given, bubbles: true, cancelable: true })
            : new ClipboardEvent('paste', { clipboardData: given, bubbles: true }),
        )
      },
      name,
      kind,
    )
    await showing(page, '#photo-name', new RegExp(name))
    await showing(page, '#status', /^40 × 30 pixels, answered in/)
  }
  t.deepEqual(errors, [])
})

testInBrowser('a page with a missing file names it', async (t, page) => {
  await page.setRequestInterception(true)
  page.on('request', (request) =>
    request.url().endsWith('model-001.js') ? request.abort('failed') : request.continue(),
  )
  await page.goto(url)
  await showing(page, '#status', /^The model could not be loaded: files\/model-001\.js is missing beside index\.html/)
  t.true(await page.$eval('#choose-photos', (button) => button.hasAttribute('disabled')))
})
