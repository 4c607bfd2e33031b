import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { wholeImage } from '../../compiler/graph/view.js'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { decodeImage } from '../../runtime/images/decode.js'
import { calibrated } from '../../runtime/inference/calibrate.js'
import { OnnxPredictor } from '../../runtime/inference/onnx.js'
import { packageRoot } from '../../runtime/package-root.js'
import { writePage } from '../../runtime/page/write_page.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { browserPath, openBrowser, showing } from '../support/browser.js'
import { sharp } from '../support/sharp.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-page-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test('the page answers in a real browser as Node does, and asks for nothing from outside', async (t) => {
  if (browserPath === undefined) {
    t.log('skipped: no Chromium on this machine (WSBAN_CHROMIUM names one)')
    t.pass()
    return
  }
  const { graph, stored } = compileFile(join(packageRoot(), 'models', 'wsban_tiny.wsban'), { classes: 3 })
  if (!graph) throw new Error('the model does not compile')
  const model = join(folder, 'model.onnx')
  const classes = ['<b>bold</b>', '"quoted" </script>', 'plain']
  const exported = await exportOnnx({ graph, stored, classes, path: model, input: 'image', weights: { seed: 4 } })
  const place = join(folder, 'a page & more')
  // Every answer is below this threshold.
  const calibration = {
    temperature: 1.7,
    threshold: 1,
    kept: 0.95,
    images: 50,
    errorBefore: 0.1,
    errorAfter: 0.02,
    errorExpected: 0.02,
  }
  await writePage(place, {
    title: 'A <title> & "more"',
    subtitle: 'three classes',
    classes,
    view: wholeImage,
    model: exported.resized() ?? model,
    calibration,
  })
  const photo = join(folder, 'photo.png')
  const noise = Buffer.from(Uint8Array.from({ length: 90 * 60 * 3 }, (_, i) => (i * i * 31 + i * 7) % 256))
  await sharp(noise, { raw: { width: 90, height: 60, channels: 3 } })
    .png()
    .toFile(photo)

  const { browser, page } = await openBrowser(browserPath)
  try {
    const outside: string[] = []
    page.on('request', (request) => {
      if (!/^(file|data|blob):/.test(request.url())) outside.push(request.url())
    })
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    const began = performance.now()
    await page.goto(pathToFileURL(join(place, 'index.html')).href)
    await showing(page, '#status', /^(Ready|The model)/)
    const loaded = performance.now() - began
    const input = await page.$('input#file')
    await input?.uploadFile(photo)
    await showing(page, '#status', /answered in|no answer/)
    const seen = await page.evaluate(() => ({
      title: document.title,
      status: document.getElementById('status')?.textContent ?? '',
      lines: Array.from(document.querySelectorAll('#classes li'), (line) => line.textContent ?? ''),
      best: document.getElementById('best')?.textContent,
      bold: document.querySelectorAll('#answer :not(.detail) > b:not(#unknown b)').length,
    }))
    t.log(`ready after ${loaded.toFixed(0)} ms; ${seen.status}`)
    t.deepEqual(errors, [])
    t.deepEqual(outside, [])
    t.is(seen.title, 'A <title> & "more"')
    t.is(seen.bold, 0)

    t.false(await page.evaluate(() => document.getElementById('unknown')?.hidden ?? true))
    const predictor = calibrated(await OnnxPredictor.open(model), calibration)
    const [answer] = await predictor.predict([await decodeImage(photo)])
    await predictor.close()
    const expected = [...(answer?.probabilities.entries() ?? [])]
      .sort(([, a], [, b]) => b - a)
      .map(([index, share]) => `${classes[index]}${(share * 100).toFixed(1)} %`)
    t.deepEqual(seen.lines, expected)
    t.true(expected[0]?.startsWith(seen.best ?? '?'))
    const box = await page.evaluate(() => document.getElementById('result')?.dataset.box)
    t.deepEqual(box?.split(' ').map(Number).map(Math.fround), [...(answer?.box ?? [])].map(Math.fround))
  } finally {
    await browser.close()
  }
})
