import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { Frame, Page } from 'puppeteer-core'
import * as z from 'zod'
import { assemble, pack } from '../../editors/vscode/package.js'
import { packageRoot } from '../../runtime/package_root.js'
import { browserPath, openBrowser, press } from '../support/browser.js'
import { codeServerEntry, quickInput, runCommand, startCodeServer, webview } from '../support/code_server.js'
import { main } from '../support/commands.js'
import { until } from '../support/waiting.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-vscode-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const spec = readFileSync(join(packageRoot(), 'models', 'wsban_tiny.wsban'), 'utf8')
/** A name that a shell would run, split and expand. */
const fileName = `my "model" $(touch ran) 'n' & %PATH%.wsban`

/** The folder for screenshots of a run. */
const screenshots = process.env.WSBAN_SCREENSHOTS

async function look(page: Page, name: string): Promise<void> {
  if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, `${name}.png`) })
}

/** The boxes of the figure that are marked. */
function marked(frame: Frame): Promise<readonly (string | undefined)[]> {
  return frame.evaluate(() => {
    const boxes = document.querySelector('#figure')?.shadowRoot?.querySelectorAll<SVGGElement>('.box.active') ?? []
    return Array.from(boxes).map((box) => box.dataset.name)
  })
}

function state(frame: Frame): Promise<string> {
  return frame.evaluate(() => document.querySelector('#state')?.textContent ?? '')
}

/** Writes a program that records its arguments, and runs the language server if it is asked for one. */
function recordingProgram(seen: string): string {
  const program = join(folder, 'recording wsban')
  const script = `#!${process.execPath}
const { writeFileSync, renameSync } = require('node:fs')
const { spawn } = require('node:child_process')
const given = process.argv.slice(2)
if (given[0] === 'lsp') spawn(process.execPath, [${JSON.stringify(main)}, ...given], { stdio: 'inherit' })
else {
  writeFileSync(${JSON.stringify(`${seen}.part`)}, JSON.stringify(given))
  renameSync(${JSON.stringify(`${seen}.part`)}, ${JSON.stringify(seen)})
}
`
  writeFileSync(program, script, { mode: 0o755 })
  return program
}

test('Visual Studio Code shows figure and code beside the text, checks and trains', async (t) => {
  if (codeServerEntry === undefined || browserPath === undefined) {
    t.log('skipped: WSBAN_CODE_SERVER names no code-server (its out/node/entry.js), or WSBAN_CHROMIUM no Chromium')
    t.pass()
    return
  }
  const [extension, vsix, workspace] = [
    join(folder, 'extension'),
    join(folder, 'wsban.vsix'),
    join(folder, 'workspace'),
  ]
  await assemble(extension)
  await pack(extension, vsix)
  const images = join(workspace, 'my photos')
  mkdirSync(images, { recursive: true })
  writeFileSync(join(workspace, fileName), spec)
  const seen = join(folder, 'arguments.json')
  const server = await startCodeServer(codeServerEntry, folder, vsix, {
    'wsban.command': recordingProgram(seen),
    'files.simpleDialog.enable': true,
  })
  t.teardown(server.stop)
  const { browser, page } = await openBrowser(browserPath)
  t.teardown(() => browser.close())
  await page.setViewport({ width: 1400, height: 850 })
  await page.goto(server.address(workspace, join(workspace, fileName)))
  const shows = (selector: string, pattern: RegExp) =>
    until(`${selector} shows ${pattern}`, async () =>
      (await page.$$eval(selector, (found) => found.map((one) => one.textContent ?? ''))).some((text) =>
        pattern.test(text.replaceAll('\u00a0', ' ')),
      ),
    )
  await shows('.codelens-decoration', /parameters, .* multiply-adds for one image/)
  await look(page, 'text')

  await runCommand(page, 'wsban: Show Figure')
  const frame = await webview(page, '#figure')
  await frame.waitForFunction(
    () => (document.querySelector('#figure')?.shadowRoot?.querySelectorAll('.box').length ?? 0) > 5,
    { polling: 100 },
  )
  const fill = await frame.evaluate(() => {
    const box = document.querySelector('#figure')?.shadowRoot?.querySelector('.box[data-name="master.parts"] rect')
    return box ? getComputedStyle(box).fill : ''
  })
  t.regex(fill, /^rgb\((?!0, 0, 0)/, 'the styles of the figure are applied')
  const policy = await frame.evaluate(
    () => document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content') ?? '',
  )
  t.regex(policy, /^default-src 'none'; script-src 'nonce-[0-9a-f]{32}'; style-src /)
  t.notRegex(policy, /unsafe/)

  // The figure has the colours of the editor's theme.
  const paper = () =>
    frame.evaluate(() => {
      const rect = document.querySelector('#figure')?.shadowRoot?.querySelector('rect.paper')
      return rect ? getComputedStyle(rect).fill : ''
    })
  t.is(await paper(), 'rgb(255, 255, 255)')
  await runCommand(page, 'Preferences: Toggle between Light/Dark Themes')
  await until('the figure is dark', async () => (await paper()) === 'rgb(21, 24, 28)')
  await look(page, 'dark')
  await runCommand(page, 'Preferences: Toggle between Light/Dark Themes')
  await until('the figure is light', async () => (await paper()) === 'rgb(255, 255, 255)')

  // A box leads to its line, whose box is marked.
  await frame.evaluate(() => {
    const box = document.querySelector('#figure')?.shadowRoot?.querySelector('.box[data-name="master.parts"]')
    box?.dispatchEvent(new MouseEvent('click', { bubbles: true }))
  })
  const line = spec.split('\n').findIndex((text) => /^\s*parts\b/.test(text)) + 1
  await shows('#status\\.editor\\.selection', new RegExp(`Ln ${line}, `))
  await until('the box is marked', async () => (await marked(frame)).includes('master.parts'))
  await look(page, 'figure')

  // The figure stays while the text has an error, says so, and follows the text again.
  await page.waitForFunction(() => document.activeElement?.closest('.monaco-editor') !== null, { polling: 100 })
  await page.keyboard.type('x')
  await until('the figure is that of an earlier text', async () => /has errors/.test(await state(frame)))
  await look(page, 'error')
  await page.keyboard.press('Backspace')
  await until('the figure is that of the text', async () => (await state(frame)) === '')

  await runCommand(page, 'wsban: Check')
  await shows('.notification-toast', /no problems; .* parameters/)
  await page.keyboard.press('Escape')

  await runCommand(page, 'wsban: Show PyTorch Code')
  await shows('.quick-input-list .monaco-list-row', /^model\.py/)
  await page.keyboard.press('Enter')
  await shows('.tab', /model\.py/)
  await shows('.view-lines', /class .*nn\.Module/)
  await look(page, 'code')

  await runCommand(page, 'wsban: Train on a Folder of Photos')
  const path = (pattern: RegExp) =>
    until(`the dialog shows ${pattern}`, () =>
      page
        .$eval('.quick-input-widget input', (input) => (input instanceof HTMLInputElement ? input.value : ''))
        .then((value) => pattern.test(value)),
    )
  // The dialog begins with the folder of the workspace, once it has listed that.
  await path(/workspace/)
  await shows('.quick-input-list .monaco-list-row', /my photos/)
  await quickInput(page)
  await page.keyboard.type('my photos')
  await path(/my photos$/)
  await page.keyboard.press('Enter')
  await path(/my photos\/$/)
  await press(page, '.quick-input-action .monaco-button')
  await until('the program is started', () => existsSync(seen))
  const given = z.array(z.string()).parse(JSON.parse(readFileSync(seen, 'utf8')))
  t.deepEqual(given, ['train', join(workspace, fileName), '--data', images])
  t.false(existsSync(join(workspace, 'ran')))
  await look(page, 'train')
})
