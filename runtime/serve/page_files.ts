import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../package_root.js'
import { escapeText } from '../report/markup.js'
import { style } from '../report/style.js'

/** Returns the page at `/` and its script, as they were built. */
export async function servePage(model: string): Promise<{ readonly html: string; readonly script: string }> {
  const folder = join(packageRoot(), 'dist', 'serve')
  const [html, script] = await Promise.all([
    readFile(join(folder, 'index.html'), 'utf8'),
    readFile(join(folder, 'serve.js'), 'utf8'),
  ])
  return {
    html: html.replace('{{style}}', () => style).replaceAll('{{model}}', () => escapeText(model)),
    script,
  }
}
