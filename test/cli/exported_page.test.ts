import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { wsbanIn } from '../support/commands.js'
import { writeNoise } from '../support/exported_page.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-page-'))
const wsban = wsbanIn(folder)
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const exported = (...flags: string[]) =>
  wsban('export', 'wsban_tiny', '-o', 'tiny.onnx', '--no-check', '--page', 'page', ...flags)
const html = () => readFileSync(join(folder, 'page', 'index.html'), 'utf8')

test.serial('export --page writes a page with a title and sample photos, and replaces its own', async (t) => {
  await writeNoise(join(folder, 'one.png'), 30, 20)
  await writeNoise(join(folder, 'two.png'), 20, 30)
  const flags = ['--title', '<Birds> & more', '--sample', 'one.png', '--sample', 'two.png']
  const first = exported(...flags, '--json')
  t.is(first.status, 0, first.err)
  const { page } = z.object({ ok: z.literal(true), page: z.string() }).parse(JSON.parse(first.out))
  t.is(page, join('page', 'index.html'))
  t.true(html().includes('<title>&lt;Birds&gt; &amp; more</title>'))
  t.is(html().match(/data:image\/jpeg;base64,/g)?.length, 2)
  t.deepEqual(
    readdirSync(join(folder, 'page')).filter((name) => !name.startsWith('.')),
    ['files', 'icon.svg', 'index.html', 'manifest.webmanifest', 'service-worker.js'],
  )

  const again = exported()
  t.is(again.status, 0, again.err)
  t.regex(again.out, /wrote page\/index\.html: open it in a browser/)
  t.true(html().includes('<title>wsban_tiny</title>'))
})

test.serial('a sample that is no photo ends the export before anything is written', (t) => {
  writeFileSync(join(folder, 'notes.txt'), 'no image')
  rmSync(join(folder, 'tiny.onnx'))
  const before = html()
  const result = exported('--sample', 'notes.txt')
  t.is(result.status, 1)
  t.regex(result.err, /notes\.txt/)
  t.is(html(), before)
  t.false(readdirSync(folder).includes('tiny.onnx'))
})

test.serial('a file of the page that a person changed is not replaced', (t) => {
  for (const path of ['files/model.bin', 'service-worker.js']) {
    const place = join(folder, 'page', path)
    const own = readFileSync(place)
    writeFileSync(place, 'mine')
    const result = exported()
    t.is(result.status, 2)
    t.regex(result.err, new RegExp(`page holds ${path}, which wsban did not write, or which changed since`))
    t.is(readFileSync(place, 'utf8'), 'mine')
    writeFileSync(place, own)
  }
})
