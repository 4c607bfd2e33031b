import { existsSync } from 'node:fs'
import { type Browser, launch, type Page } from 'puppeteer-core'
import { lastResort } from './waiting.js'

/** A Chromium or Chrome; WSBAN_CHROMIUM names one. */
export const browserPath = [
  process.env.WSBAN_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium-browser',
].find((path) => path !== undefined && existsSync(path))

/** A browser with one page, whose waits end when what they wait for is there, however slow the machine is. */
export async function openBrowser(executablePath: string): Promise<{ browser: Browser; page: Page }> {
  const browser = await launch({
    executablePath,
    headless: true,
    args: ['--no-sandbox'],
    timeout: lastResort,
    protocolTimeout: lastResort,
  })
  const page = await browser.newPage()
  page.setDefaultTimeout(lastResort)
  page.setDefaultNavigationTimeout(lastResort)
  return { browser, page }
}

/**
 * Waits until the element has a text that fits. The page is asked at intervals: a page that draws no frames would never answer otherwise.
 * @throws with the text that the element has instead
 */
export async function showing(page: Page, selector: string, pattern: RegExp): Promise<void> {
  const fits = page.waitForFunction(
    (query, source) => new RegExp(source).test(document.querySelector(query)?.textContent ?? ''),
    { polling: 100 },
    selector,
    pattern.source,
  )
  await fits.catch(async (error) => {
    const text = await page.evaluate((query) => document.querySelector(query)?.textContent, selector)
    throw new Error(`${selector} shows ${JSON.stringify(text)}, which does not fit ${pattern}`, { cause: error })
  })
}

/** Clicks an element itself, not a place on the page: the layout may change between the two when a figure is drawn. */
export function press(page: Page, selector: string): Promise<void> {
  return page.$eval(selector, (element) => {
    if (!(element instanceof HTMLElement)) throw new Error('only HTML elements can be clicked')
    element.click()
  })
}
