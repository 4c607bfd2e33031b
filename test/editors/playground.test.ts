import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { type Page, TimeoutError } from 'puppeteer-core'
import { emitPytorch } from '../../compiler/targets/pytorch/emit.js'
import { emitTfjs } from '../../compiler/targets/tfjs/emit.js'
import { buildPlayground } from '../../editors/playground/build.js'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { decodeImage } from '../../runtime/images/decode.js'
import { OnnxPredictor } from '../../runtime/inference/onnx.js'
import { packageRoot } from '../../runtime/package_root.js'
import { packageVersion } from '../../runtime/package_version.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { writeSafetensors } from '../../runtime/weights/formats/safetensors.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { accessible } from '../support/accessible.js'
import { browserPath, openBrowser, press, showing } from '../support/browser.js'
import { sharp } from '../support/sharp.js'
import { until } from '../support/waiting.js'

/** The folder for screenshots, if they are to be kept. */
const screenshots = process.env.WSBAN_SCREENSHOTS
const folder = mkdtempSync(join(tmpdir(), 'wsban-playground-'))
/** The page alone. */
const site = join(folder, 'site')
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

let building: Promise<void> | undefined

/** Builds the page once for all tests. */
function built(): Promise<void> {
  building ??= buildPlayground(site, 'https://docs.example/wsban/')
  return building
}

async function screenshot(page: Page, name: string): Promise<void> {
  if (screenshots) await page.screenshot({ path: join(screenshots, `${name}.png`) })
}

/** The polling interval of the editor, in milliseconds. */
const askAgain = 5000

function ignoreTimeout(error: unknown): undefined {
  if (!(error instanceof TimeoutError)) throw error
}

const text = (page: Page, selector: string) =>
  page.evaluate((query) => document.querySelector(query)?.textContent ?? '', selector)
const count = (page: Page, selector: string) =>
  page.evaluate((query) => document.querySelectorAll(query).length, selector)

test('the playground edits, checks, writes code and an ONNX file, and runs it, with nothing but its folder', async (t) => {
  if (browserPath === undefined) {
    t.log('skipped: no Chromium on this machine (WSBAN_CHROMIUM names one)')
    t.pass()
    return
  }
  await built()
  const photo = join(folder, 'photo.png')
  const noise = Buffer.from(Uint8Array.from({ length: 90 * 60 * 3 }, (_, i) => (i * i * 31 + i * 7) % 256))
  await sharp(noise, { raw: { width: 90, height: 60, channels: 3 } })
    .png()
    .toFile(photo)
  const { graph, stored } = compileFile(join(packageRoot(), 'models', 'wsban_tiny.wsban'))
  if (!graph) throw new Error('the model does not compile')

  const { browser, page } = await openBrowser(browserPath)
  try {
    await page.setViewport({ width: 1400, height: 900 })
    const [outside, errors]: [string[], string[]] = [[], []]
    page.on('request', (request) => {
      if (!/^(file|data|blob):/.test(request.url())) outside.push(request.url())
    })
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    const session = await page.createCDPSession()
    await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder })
    await page.goto(pathToFileURL(join(site, 'index.html')).href)
    // It opens with weights that know the sample photos, and an answer.
    await showing(page, '#status', /pixels|did not work/)
    t.regex(await text(page, '#classes li'), /^barwing9/)
    t.is(await count(page, '#samples button'), 8)
    t.false(await page.$eval('#part', (part) => part instanceof HTMLElement && part.hidden))
    t.regex(await text(page, '#summary'), /parameters, .* multiply-adds/)
    t.true((await count(page, '.tok-function')) > 10)
    t.true((await count(page, '.shape')) > 3)
    await page.waitForFunction(
      () => (document.querySelector('#figure')?.shadowRoot?.querySelectorAll('.box').length ?? 0) > 5,
      { polling: 100 },
    )
    await screenshot(page, 'begin')

    // A mistake is underlined, and fixed at a click.
    const select = async (part: string) => {
      await page.evaluate((from) => {
        const line = Array.from(document.querySelectorAll('.cm-line')).find((item) => item.textContent?.includes(from))
        const walker = document.createTreeWalker(line ?? document.body, NodeFilter.SHOW_TEXT)
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          const at = node.textContent?.indexOf(from) ?? -1
          if (at < 0) continue
          const range = document.createRange()
          range.setStart(node, at)
          range.setEnd(node, at + from.length)
          document.getSelection()?.removeAllRanges()
          document.getSelection()?.addRange(range)
        }
        document.querySelector<HTMLElement>('.cm-content')?.focus()
      }, part)
      // Keys go to the editor's own selection, which follows that of the page.
      await page.waitForSelector('.cm-selectionBackground')
    }
    await select('softmax')
    await page.keyboard.type('sofmax')
    await page.waitForSelector('.cm-lintRange-error')
    await showing(page, '#summary', /1 error/)
    await showing(page, '#problem-list .message', /sofmax/)
    t.deepEqual(
      await page.$$eval('#docs, #problem-list a', (links) => links.map((link) => (link as HTMLAnchorElement).href)),
      ['https://docs.example/wsban/', 'https://docs.example/wsban/diagnostics/unknown-name.html'],
    )
    t.true(
      await page.$eval('#result', (result) => result instanceof HTMLElement && result.hidden),
      'an answer of another text',
    )
    await page.keyboard.press('Escape')
    // The editor shows it when the pointer has rested; a page that is busy may miss one movement.
    await until('the correction is offered', async () => {
      await page.mouse.move(0, 0)
      await page.hover('.cm-lintRange-error')
      return page.waitForSelector('.cm-diagnosticAction', { timeout: askAgain }).catch(ignoreTimeout)
    })
    await screenshot(page, 'mistake')
    await press(page, '.cm-diagnosticAction')
    await showing(page, '#summary', /multiply-adds/)

    // Completion comes from the analysis, with the registry's page beside it.
    await select('bap')
    await page.keyboard.type('global_a')
    await until('completions are offered', () =>
      page.waitForSelector('.cm-completionInfo .documentation', { timeout: askAgain }).catch(async (error) => {
        ignoreTimeout(error)
        await page.keyboard.down('Control')
        await page.keyboard.press('Space')
        await page.keyboard.up('Control')
      }),
    )
    t.regex(await text(page, '.cm-completionLabel'), /global_avg_pool/)
    await screenshot(page, 'completion')
    await page.keyboard.press('Escape')
    await select('global_a')
    await page.keyboard.type('bap')
    await page.keyboard.press('Escape')
    await showing(page, '#summary', /multiply-adds/)
    await page.waitForSelector('#download:not([disabled])')

    const options = { source: 'playground.wsban', version: packageVersion(), spec: {} }
    // An editor draws the lines that are in sight.
    const shownCode = () =>
      page.evaluate(() =>
        Array.from(document.querySelectorAll('#files details:first-child .cm-line'), (line) => line.textContent).join(
          '\n',
        ),
      )
    const isBeginningOf = (whole: string, shown: string) => shown.length > 500 && whole.startsWith(shown)
    await press(page, '#tab-code')
    await page.waitForSelector('#files .cm-line')
    t.true(
      isBeginningOf(emitTfjs(graph, options).find(({ path }) => path === 'model.ts')?.text ?? '', await shownCode()),
    )
    await page.select('#target', 'pytorch')
    await showing(page, '#files details:first-child .cm-line', /wsban_tiny/)
    await showing(page, '#files summary', /\.py$/)
    const python = emitPytorch(graph, options).find(({ path }) => path === 'model.py')?.text ?? ''
    t.true(isBeginningOf(python, await shownCode()))
    await screenshot(page, 'code')

    // A box of the figure leads to its line, and the line to its box.
    await press(page, '#tab-figure')
    await page.evaluate(() => {
      const found = document.querySelector('#figure')?.shadowRoot?.querySelector('.box[data-name="master.parts"]')
      found?.dispatchEvent(new MouseEvent('click', { bubbles: true }))
    })
    await page.waitForFunction(
      () => document.querySelector('.cm-activeLine')?.textContent?.includes('parts     = bap(') ?? false,
      { polling: 100 },
    )
    t.is(
      await page.evaluate(() =>
        document.querySelector('#figure')?.shadowRoot?.querySelector('.box.active')?.getAttribute('data-name'),
      ),
      'master.parts',
    )
    await screenshot(page, 'figure')
    await press(page, '#tab-try')

    const input = await page.$('input#file')
    await input?.uploadFile(photo)
    await showing(page, '#status', /pixels|did not work/)
    const lines = await page.evaluate(() =>
      Array.from(document.querySelectorAll('#classes li'), (line) => line.textContent),
    )
    await screenshot(page, 'answer')
    t.is(lines.length, 5)

    // Weights of a file take the place of those of the birds.
    const tensors = new Map(
      [...graph.parameters.values()].map((parameter) => [
        parameter.name,
        { shape: parameter.shape, values: initialValues(parameter, 5) },
      ]),
    )
    const weights = join(folder, 'five.safetensors')
    await writeSafetensors(weights, { tensors, metadata: {} })
    await input?.uploadFile(weights)
    await showing(page, '#status', /five\.safetensors|did not work/)
    const other = join(folder, 'other.onnx')
    await exportOnnx({ graph, stored, classes: undefined, path: other, input: 'image', weights: { seed: 5 } })
    const loaded = await page.evaluate(() =>
      Array.from(document.querySelectorAll('#classes li'), (line) => line.textContent),
    )
    t.deepEqual(loaded, await answerOf(other, photo))

    await press(page, '#download')
    await showing(page, '#status', /\.onnx: /)
    const saved = join(folder, 'wsban_tiny.onnx')
    await until('the downloaded file is there', () => existsSync(saved))
    t.deepEqual(await answerOf(saved, photo), loaded)
    t.true(readFileSync(saved).length > 100_000)

    // A link holds the text, and opens it again; a text that cannot be parsed is not formatted.
    await select('bap')
    await page.keyboard.type('bap(')
    await press(page, '#format')
    await showing(page, '#status', /^Not formatted, because of line 13/)
    await press(page, '#share')
    await showing(page, '#status', /link/)
    t.regex(page.url(), /#text=[\w-]+$/)
    await page.reload()
    await showing(page, '#summary', /error/)
    t.regex(await text(page, '.cm-content'), /bap\(\(/)

    // An edit after the link was made is kept as well.
    await select('the same weights')
    await page.keyboard.type('another comment')
    await showing(page, '.cm-content', /another comment/)
    await page.reload()
    await showing(page, '.cm-content', /another comment/)
    t.false(await page.$eval('#start-over', (button) => button instanceof HTMLElement && button.hidden))
    t.deepEqual(errors, [])
    t.deepEqual(outside, [])
  } finally {
    await browser.close()
  }
})

test('every tab of the playground is accessible, on a desktop and a phone', async (t) => {
  if (browserPath === undefined) {
    t.log('skipped: no Chromium on this machine (WSBAN_CHROMIUM names one)')
    t.pass()
    return
  }
  await built()
  const { browser, page } = await openBrowser(browserPath)
  try {
    await page.goto(pathToFileURL(join(site, 'index.html')).href)
    await showing(page, '#status', /pixels|did not work/)
    for (const tab of ['try', 'figure', 'code', 'train']) {
      await press(page, `#tab-${tab}`)
      if (tab === 'code') await page.waitForSelector('#files .cm-line')
      await accessible(t, page, () => screenshot(page, `tab-${tab}`))
    }
    await press(page, '#choose-example')
    await accessible(t, page, () => screenshot(page, 'examples'))
  } finally {
    await browser.close()
  }
})

/** As the page lists classes. */
async function answerOf(model: string, photo: string): Promise<string[]> {
  const predictor = await OnnxPredictor.open(model)
  const [answer] = await predictor.predict([await decodeImage(photo)])
  await predictor.close()
  return [...(answer?.probabilities.entries() ?? [])]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 5)
    .map(([index, share]) => `class ${index}${(share * 100).toFixed(1)} %`)
}
