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

/** Opens a browser with one page, whose waits have no time limit that a slow machine would reach. */
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
 * Waits until the element has a matching text. It polls, since a page that draws no frames runs no animation callbacks. @throws with the actual text
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

/** Clicks an element by its handle, not by coordinates, as the layout may change while a figure is drawn. */
export function press(page: Page, selector: string): Promise<void> {
  return page.$eval(selector, (element) => {
    if (!(element instanceof HTMLElement)) throw new Error('only HTML elements can be clicked')
    element.click()
  })
}
