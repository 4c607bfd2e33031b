import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { packageRoot } from '../../runtime/package_root.js'
import { accessible } from '../support/accessible.js'
import { browserPath, openBrowser } from '../support/browser.js'
import { serveFolder } from '../support/static_server.js'

const docs = join(packageRoot(), 'docs')
const vitepress = join(docs, 'node_modules', 'vitepress', 'bin', 'vitepress.js')
const folder = mkdtempSync(join(tmpdir(), 'wsban-site-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

let building: Promise<unknown> | undefined

/** Builds the site once for all tests. */
function built(): Promise<unknown> {
  building ??= promisify(execFile)(process.execPath, [vitepress, 'build', docs, '--outDir', folder])
  return building
}

/** One page of each layout, and those with the widest tables and the most formulas. */
for (const name of [
  'index.html',
  'tutorial.html',
  'models.html',
  'methods.html',
  'operations.html',
  'operations/bap.html',
  'diagnostics.html',
  'diagnostics/unknown-name.html',
])
  test.serial(
    `${name} of the documentation site is accessible, on a desktop and a phone, light and dark`,
    async (t) => {
      if (browserPath === undefined || !existsSync(vitepress)) {
        t.log('skipped: needs a Chromium (WSBAN_CHROMIUM) and VitePress (npm ci --prefix docs --ignore-scripts)')
        t.pass()
        return
      }
      await built()
      const server = await serveFolder(folder)
      const { browser, page } = await openBrowser(browserPath)
      try {
        const errors: string[] = []
        page.on('pageerror', (error) => errors.push(String(error)))
        await accessible(t, page, async () => {
          await page.goto(`${server.address}${name}`, { waitUntil: 'networkidle0' })
        })
        t.deepEqual(errors, [])
      } finally {
        await browser.close()
        await server.close()
      }
    },
  )
