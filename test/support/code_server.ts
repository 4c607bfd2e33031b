import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Frame, Page } from 'puppeteer-core'
import { lastResort, until } from './waiting.js'

/** code-server's `out/node/entry.js`: Visual Studio Code in a browser. */
export const codeServerEntry = process.env.WSBAN_CODE_SERVER

export interface CodeServer {
  /** Returns the URL of a workspace with a file open. */
  readonly address: (workspace: string, file: string) => string
  readonly stop: () => void
}

/** Starts the editor in a new folder, with one extension and only these settings. */
export async function startCodeServer(
  entry: string,
  folder: string,
  extension: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<CodeServer> {
  const [data, extensions] = [join(folder, 'data'), join(folder, 'extensions')]
  const quiet = {
    'workbench.startupEditor': 'none',
    'telemetry.telemetryLevel': 'off',
    'extensions.autoUpdate': false,
    'extensions.autoCheckUpdates': false,
    'update.mode': 'none',
    'security.workspace.trust.enabled': false,
    'workbench.colorTheme': 'Default Light Modern',
    'editor.minimap.enabled': false,
  }
  // Settings of the machine are read from the second file alone, once the editor has written the first.
  for (const name of ['User', 'Machine']) {
    mkdirSync(join(data, name), { recursive: true })
    writeFileSync(
      join(data, name, 'settings.json'),
      JSON.stringify(name === 'User' ? { ...quiet, ...settings } : settings),
    )
  }
  const own = ['--user-data-dir', data, '--extensions-dir', extensions, '--disable-telemetry', '--disable-update-check']
  const installed = spawnSync(process.execPath, [entry, ...own, '--install-extension', extension], { encoding: 'utf8' })
  if (installed.status !== 0) throw new Error(`the extension was not installed: ${installed.stdout}${installed.stderr}`)
  const child = spawn(process.execPath, [entry, ...own, '--auth', 'none', '--bind-addr', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  const host = await until(
    'code-server listens',
    () => /listening on http:\/\/(127\.0\.0\.1:\d+)/.exec(printed)?.[1],
    () => child.exitCode === null,
  )
  return {
    address: (workspace, file) => {
      const opened = `vscode-remote://${host}${encodeURI(file).replaceAll('#', '%23').replaceAll('?', '%3F')}`
      return `http://${host}/?${new URLSearchParams({ folder: workspace, payload: JSON.stringify([['openFile', opened]]) })}`
    },
    stop: () => child.kill(),
  }
}

/** Waits until the input at the top of the editor takes what is typed. */
export async function quickInput(page: Page): Promise<void> {
  await page.waitForFunction(() => document.activeElement?.matches('.quick-input-widget input') === true, {
    polling: 100,
    timeout: lastResort,
  })
}

/** Runs a command by its title, as the command palette lists it. */
export async function runCommand(page: Page, title: string): Promise<void> {
  await page.keyboard.press('F1')
  await quickInput(page)
  await page.keyboard.type(title)
  await page.waitForFunction(
    (text) =>
      document
        .querySelector('.quick-input-list .monaco-list-row.focused')
        ?.getAttribute('aria-label')
        ?.startsWith(text),
    { polling: 100, timeout: lastResort },
    title,
  )
  await page.keyboard.press('Enter')
}

/** The frame of the page that an extension shows, once something is in it. */
export function webview(page: Page, selector: string): Promise<Frame> {
  return until(`a frame has ${selector}`, async () => {
    for (const frame of page.frames()) {
      // A frame may be gone or replaced while it is asked.
      const found = await frame.$(selector).catch(() => null)
      if (found) return frame
    }
    return undefined
  })
}
