import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { programHost } from '../../runtime/api/compile.js'
import { silent } from '../../runtime/reporter.js'
import { StudioServer } from '../../runtime/studio/server.js'
import { Studio } from '../../runtime/studio/studio.js'
import { accessible } from '../support/accessible.js'
import { browserPath, openBrowser, showing } from '../support/browser.js'
import { trainedOnShapes } from '../support/studio.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-studio-page-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test('the page shows a run and answers about a photo; axe finds nothing, light or dark, and no width scrolls', async (t) => {
  if (browserPath === undefined) {
    t.log('skipped: no Chromium on this machine (WSBAN_CHROMIUM names one)')
    t.pass()
    return
  }
  const { status, err } = await trainedOnShapes(folder, 2)
  t.is(status, 0, err)
  const studio = await Studio.open({
    runs: [join(folder, 'run')],
    command: [process.execPath, '-e', ''],
    host: programHost(),
  })
  const server = await StudioServer.open(studio, 0, silent)
  const { browser, page } = await openBrowser(browserPath)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  // The content security policy blocks scripts of tests.
  await page.setBypassCSP(true)
  try {
    await page.goto(server.address)
    await showing(page, '#epoch-shown', /after epoch 2 of 2/)
    await page.waitForFunction(() => document.querySelectorAll('#nine canvas').length === 12, { polling: 100 })
    await showing(page, '#standing', /Finished: 2 epochs/)
    await showing(page, '#curves', /top-1 accuracy/)
    t.regex(await page.$eval('#nine', (list) => list.textContent ?? ''), /blue <square>/)

    // The keyboard alone goes back to the weights before training.
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('#epoch')?.max === '2', { polling: 100 })
    await page.focus('#epoch')
    await page.keyboard.press('Home')
    await showing(page, '#epoch-shown', /after epoch 0 of 2/)

    const input = await page.$('input#file')
    await input?.uploadFile(join(folder, 'shapes', 'val', 'blue <square>', '0.jpg'))
    await showing(page, '#photo-status', /0\.jpg, by epoch-/)
    t.is(await page.$$eval('#photo-classes tr', (rows) => rows.length), 2)

    await accessible(t, page)
    t.deepEqual(errors, [])
  } finally {
    await browser.close()
    await server.close()
    await studio.close()
  }
})
