import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { build } from 'esbuild'
import { packageRoot } from '../../runtime/package_root.js'
import { browserPath, openBrowser } from '../support/browser.js'

const program = join(packageRoot(), 'test', 'bundlers', 'compiler.mjs')

test('the built compiler asks for nothing of Node', (t) => {
  const folder = join(packageRoot(), 'dist', 'compiler')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
  t.true(files.length > 2)
  for (const file of files) {
    const imported = [
      ...readFileSync(join(folder, file), 'utf8').matchAll(
        /^(?:import|export)\b[^'"\n]*?from"([^"]+)"|\bimport\("([^"]+)"\)/gm,
      ),
    ].map(([, from = '', loaded = from]) => loaded)
    for (const name of imported) t.true(name.startsWith('.') || name === '#ts-morph', `${file} imports ${name}`)
  }
})

test('it computes the same in a browser as under Node', async (t) => {
  if (browserPath === undefined) {
    t.log('skipped: no Chromium on this machine (WSBAN_CHROMIUM names one)')
    t.pass()
    return
  }
  const { stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' })
  t.is(stderr, '')
  const { outputFiles } = await build({
    entryPoints: [program],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    write: false,
    logLevel: 'error',
  })
  const { browser, page } = await openBrowser(browserPath)
  try {
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    await page.goto('about:blank')
    await page.addScriptTag({ content: outputFiles[0]?.text ?? '' })
    await page.waitForFunction(() => 'said' in globalThis, { polling: 100 })
    t.is(await page.evaluate(() => Reflect.get(globalThis, 'said')), stdout.trim())
    t.deepEqual(errors, [])
  } finally {
    await browser.close()
  }
})
