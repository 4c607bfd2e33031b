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

/** Waits until the element has a text that fits. */
export async function showing(page: Page, selector: string, pattern: RegExp): Promise<void> {
  await page.waitForFunction(
    (query, source) => new RegExp(source).test(document.querySelector(query)?.textContent ?? ''),
    {},
    selector,
    pattern.source,
  )
}
