import { join } from 'node:path'
import { decodeImage } from '../../runtime/images/decode.js'
import { calibrated } from '../../runtime/inference/calibrate.js'
import { OnnxPredictor } from '../../runtime/inference/onnx.js'
import { showing } from '../support/browser.js'
import { choose, doubtingCalibration, exportedPage, testInBrowser, writeNoise } from '../support/exported_page.js'

const classes = ['<b>bold</b>', '"quoted" </script>', '<!--<script>']
const content = { title: 'A <title> & "more"', classes, calibration: doubtingCalibration }
const pages = {
  'takes resized images': exportedPage(content),
  'resizes images itself': exportedPage(async (own) => ({ ...content, model: join(own, 'model.onnx') })),
}

for (const [kind, { folder, model, url }] of Object.entries(pages))
  testInBrowser(
    `the page of a model that ${kind} answers as Node does, and asks for nothing from outside`,
    async (t, page, errors) => {
      const outside: string[] = []
      page.on('request', (request) => {
        if (!/^(file|data|blob):/.test(request.url())) outside.push(request.url())
      })
      await page.goto(url)
      await showing(page, '#status', /^(Ready|The model)/)
      t.is(await page.title(), 'A <title> & "more"')
      const predictor = calibrated(await OnnxPredictor.open(model), doubtingCalibration)
      // Enlarged and reduced to the size of the model.
      for (const [width, height] of [
        [90, 60],
        [310, 420],
      ] as const) {
        const photo = await writeNoise(join(folder, `${width}.png`), width, height)
        await choose(page, photo)
        await showing(page, '#status', new RegExp(`^${width} × ${height} pixels, answered in|no answer|not be`))
        const seen = await page.evaluate(() => ({
          lines: Array.from(document.querySelectorAll('#classes li'), (line) => line.textContent ?? ''),
          best: document.getElementById('best')?.textContent,
          markup: document.querySelectorAll('#classes b, #best b').length,
          spoken: document.getElementById('announcement')?.textContent,
          spokenWhileHidden: document.getElementById('announcement')?.closest('[hidden]') !== null,
          unknown: !document.getElementById('unknown')?.hidden,
          box: document.getElementById('result')?.dataset.box,
        }))
        const [answer] = await predictor.predict([await decodeImage(photo)])
        const expected = [...(answer?.probabilities.entries() ?? [])]
          .sort(([, a], [, b]) => b - a)
          .map(([index, share]) => `${classes[index]}${(share * 100).toFixed(1)} %`)
        t.deepEqual(seen.lines, expected)
        t.true(expected[0]?.startsWith(seen.best ?? '?'))
        t.is(seen.markup, 0)
        t.true(seen.unknown)
        t.is(seen.spoken, `Perhaps none of the classes. ${seen.best}, ${expected[0]?.slice(seen.best?.length)}`)
        t.false(seen.spokenWhileHidden)
        const box = seen.box?.split(' ').map(Number) ?? []
        t.is(box.length, 4)
        for (const [index, side] of [...(answer?.box ?? [])].entries())
          t.true(Math.abs(side - (box[index] ?? -1)) < 1e-6)
      }
      await predictor.close()
      t.deepEqual(errors, [])
      t.deepEqual(outside, [])
    },
  )
