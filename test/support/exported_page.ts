import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import type { Page } from 'puppeteer-core'
import { wholeImage } from '../../compiler/graph/view.js'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { packageRoot } from '../../runtime/package_root.js'
import { type PageContent, writePage } from '../../runtime/page/write_page.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { browserPath, openBrowser } from './browser.js'
import { sharp } from './sharp.js'

/** Every answer is below this threshold. */
export const doubtingCalibration = {
  temperature: 1.7,
  bias: 0.4,
  threshold: 1,
  kept: 0.95,
  images: 50,
  errorBefore: 0.1,
  errorAfter: 0.02,
  errorExpected: 0.02,
}

export interface ExportedPage {
  readonly folder: string
  /** The folder of the page, below it. */
  readonly place: string
  /** The exported file. */
  readonly model: string
  /** The URL of the page on the disk. */
  readonly url: string
}

type Content = Pick<PageContent, 'classes'> & Partial<PageContent>

/**
 * Exports wsban_tiny with random weights, and its page, before the tests of a file run; the folder is removed behind them.
 *
 * @param given the content of the page, or what makes it from files that it writes into the folder
 */
export function exportedPage(given: Content | ((folder: string) => Promise<Content>)): ExportedPage {
  const folder = mkdtempSync(join(tmpdir(), 'wsban-page-'))
  const place = join(folder, 'a page & more')
  const model = join(folder, 'model.onnx')
  test.serial.before(async () => {
    const content = typeof given === 'function' ? await given(folder) : given
    const { classes } = content
    const spec = join(packageRoot(), 'models', 'wsban_tiny.wsban')
    const { graph, stored } = compileFile(spec, { classes: classes.length })
    if (!graph) throw new Error('the model does not compile')
    const exported = await exportOnnx({ graph, stored, classes, path: model, input: 'image', weights: { seed: 4 } })
    await writePage(place, {
      title: 'Birds',
      subtitle: `${classes.length} classes`,
      view: wholeImage,
      model: exported.resized() ?? model,
      ...content,
    })
  })
  test.after.always(() => rmSync(folder, { recursive: true, force: true }))
  return { folder, place, model, url: pathToFileURL(join(place, 'index.html')).href }
}

/** Writes an image of noise. Returns its path. */
export async function writeNoise(path: string, width: number, height: number): Promise<string> {
  const noise = Buffer.from(Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i * 31 + i * 7) % 256))
  await sharp(noise, { raw: { width, height, channels: 3 } }).toFile(path)
  return path
}

/** A test in a browser, which collects the page's errors; skipped without a browser. */
export function testInBrowser(
  title: string,
  run: (t: ExecutionContext, page: Page, errors: readonly string[]) => Promise<void>,
): void {
  test(title, async (t) => {
    if (browserPath === undefined) {
      t.log('skipped: no Chromium on this machine (WSBAN_CHROMIUM names one)')
      t.pass()
      return
    }
    const { browser, page } = await openBrowser(browserPath)
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    try {
      await run(t, page, errors)
    } finally {
      await browser.close()
    }
  })
}

/** Chooses files in the page. */
export async function choose(page: Page, ...paths: string[]): Promise<void> {
  const input = await page.$('input#file')
  await input?.uploadFile(...paths)
}
