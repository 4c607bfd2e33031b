import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { ExecutionContext } from 'ava'
import type { Page } from 'puppeteer-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * Checks that axe finds nothing on a page, and that it does not scroll sideways, on a desktop and a phone, light and dark.
 *
 * @param show is called for each of them, once its size and scheme are set
 */
export async function accessible(t: ExecutionContext, page: Page, show: () => Promise<void> = async () => {}) {
  for (const [width, scheme] of [
    [1280, 'light'],
    [1280, 'dark'],
    [375, 'light'],
    [375, 'dark'],
  ] as const) {
    await page.setViewport({ width, height: 900 })
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
    await show()
    t.is(await page.evaluate(() => document.documentElement.scrollWidth), width)
    await page.evaluate(axe)
    const found = await page.evaluate(
      'axe.run().then((result) => result.violations.map(({ id, nodes }) => [id, nodes.length, nodes[0].html]))',
    )
    t.deepEqual(found, [], `${width} px, ${scheme}`)
  }
}
