import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { wholeImage } from '../../compiler/graph/view.js'
import { writePage } from '../../runtime/page/write_page.js'
import { showing } from '../support/browser.js'
import { choose, exportedPage, testInBrowser, writeNoise } from '../support/exported_page.js'
import { serveFolder } from '../support/static_server.js'

const title = 'Which "bird" </script>?'
const { folder, place, model } = exportedPage({ classes: ['a', 'b'], title })

testInBrowser('a page from a server loads plain files, and later opens without the server', async (t, page, errors) => {
  const photo = await writeNoise(join(folder, 'photo.png'), 50, 40)
  const server = await serveFolder(place)
  try {
    await page.goto(server.address)
    await showing(page, '#status', /The page also opens without a network/)
    const loaded = server.requested.filter((path) => path.startsWith('/files/'))
    t.deepEqual(new Set(loaded), new Set(['/files/runtime.bin', '/files/model.bin']))
  } finally {
    await server.close()
  }
  for (const path of ['', 'index.html']) {
    await page.goto(`${server.address}${path}`)
    await showing(page, '#status', /^Ready/)
    await choose(page, photo)
    await showing(page, '#status', /^50 × 40 pixels, answered in/)
  }
  t.deepEqual(errors, [])
})

testInBrowser('a page from a server without its plain files loads the scripts', async (t, page) => {
  const copy = join(folder, 'scripts only')
  await cp(place, copy, { recursive: true })
  for (const name of ['model.bin', 'runtime.bin']) await rm(join(copy, 'files', name))
  const server = await serveFolder(copy)
  try {
    await page.goto(server.address)
    await showing(page, '#status', /It will not open without a network: a file of the page is missing/)
    t.true(server.requested.includes('/files/model-001.js'))
  } finally {
    await server.close()
  }
})

test('browsers can install the page under its title', (t) => {
  const manifest: unknown = JSON.parse(readFileSync(join(place, 'manifest.webmanifest'), 'utf8'))
  t.like(manifest, { name: title, display: 'standalone', start_url: '.' })
  t.true(existsSync(join(place, 'icon.svg')))
})

test('a smaller model leaves no pieces of a larger one, and files of others stay', async (t) => {
  const own = join(folder, 'again')
  const content = { title, subtitle: '', classes: ['a', 'b'], view: wholeImage }
  const large = join(folder, 'large.bin')
  writeFileSync(large, new Uint8Array(3_000_000))
  await writePage(own, { ...content, model: large })
  const models = () => readdirSync(join(own, 'files')).filter((name) => name.startsWith('model'))
  t.deepEqual(models(), ['model-001.js', 'model-002.js', 'model-003.js', 'model.bin'])
  writeFileSync(join(own, 'files', 'notes.txt'), 'mine')
  await writePage(own, { ...content, model })
  t.deepEqual(models(), ['model-001.js', 'model.bin'])
  t.is(readFileSync(join(own, 'files', 'notes.txt'), 'utf8'), 'mine')
  writeFileSync(join(own, 'files', 'model-007.js'), 'mine')
  await t.throwsAsync(writePage(own, { ...content, model }), { message: /model-007\.js, which wsban did not write/ })
  rmSync(own, { recursive: true })
})
