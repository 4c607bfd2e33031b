import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { accessible } from '../support/accessible.js'
import { browserPath, openBrowser, showing } from '../support/browser.js'
import { exportedModel } from '../support/exported_model.js'
import { openServer } from '../support/serve.js'
import { sharp } from '../support/sharp.js'

const { model, folder } = exportedModel()

test('the page sends an image with its token and shows the answer, under its own policy', async (t) => {
  if (browserPath === undefined) {
    t.log('skipped: no Chromium on this machine (WSBAN_CHROMIUM names one)')
    t.pass()
    return
  }
  const photo = join(folder, 'photo.png')
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
  const drawn = sharp({ create: { width: 80, height: 60, channels: 3, background: 'grey', noise } })
  writeFileSync(photo, await drawn.png().toBuffer())
  writeFileSync(join(folder, 'notes.txt'), 'no image')
  const open = await openServer(model, { token: 'secret-token' })
  const { browser, page } = await openBrowser(browserPath)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  try {
    await page.goto(open.address)
    const input = await page.$('input#file')
    await input?.uploadFile(photo)
    await page.click('#ask')
    await showing(page, '#status', /needs the token/)
    await page.type('#token', 'secret-token')
    await page.click('#ask')
    await showing(page, '#classes', /class \d.*%/)
    t.is(await page.$$eval('#classes tr', (rows) => rows.length), 3)
    t.false(await page.$eval('#box', (box) => box.hasAttribute('hidden')))
    await input?.uploadFile(join(folder, 'notes.txt'))
    await page.click('#ask')
    await showing(page, '#status', /cannot read the image/)
    // The content security policy blocks scripts of tests.
    await page.setBypassCSP(true)
    await page.goto(open.address)
    await (await page.$('input#file'))?.uploadFile(photo)
    await page.$eval('input#token', (token) => {
      token.value = 'secret-token'
    })
    await page.click('#ask')
    await showing(page, '#classes', /class/)
    await accessible(t, page)
    t.deepEqual(errors, [])
  } finally {
    await browser.close()
    await open.close()
  }
})
