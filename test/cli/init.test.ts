import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { parse } from '../../grammar/parse.js'
import { templates } from '../../runtime/projects/templates.js'
import { json, wsbanIn } from '../support/commands.js'
import { sharp } from '../support/sharp.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban init '))
const wsban = wsbanIn(folder)
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

for (const { name, small } of templates)
  test(`a project from ${name} checks`, async (t) => {
    const made = await wsban('init', `a ${name} project`, '--template', name, '--json')
    t.is(made.status, 0, made.err)
    t.like(json(made), { ok: true, template: name, model: small })
    const checked = await wsban('check', join(`a ${name} project`, 'model.wsban'))
    t.is(checked.status, 0, checked.err)
    t.is(checked.err, '')
    t.regex(checked.out, new RegExp(`a_${name}_project is fine`))
    const formatted = await wsban('fmt', '--check', join(`a ${name} project`, 'model.wsban'))
    t.is(formatted.status, 0)
  })

test('where a package is already it stays; a model is never written over', async (t) => {
  mkdirSync(join(folder, 'there'))
  writeFileSync(join(folder, 'there', 'package.json'), '{}')
  const made = await wsban('init', 'there', '--json')
  t.is(made.status, 0, made.err)
  t.like(json(made), { template: 'wsban', left: [join('there', 'package.json')] })
  t.is(readFileSync(join(folder, 'there', 'package.json'), 'utf8'), '{}')
  const again = await wsban('init', 'there', '--template', 'tasn')
  t.is(again.status, 2)
  t.regex(again.err, /model\.wsban exists, and existing files are not overwritten/)
})

test('for data, classes and size are proposed, and a hostile name stays data', async (t) => {
  const data = join(folder, 'photos "of" $(touch owned)')
  for (const [index, name] of ['one', 'two', 'three'].entries())
    for (let image = 0; image < 4; image++) {
      mkdirSync(join(data, name), { recursive: true })
      const colour = { r: 80 * index, g: 60 * image, b: 90 }
      await sharp({ create: { width: 90, height: 70, channels: 3, background: colour } })
        .png()
        .toFile(join(data, name, `${image}.png`))
    }
  const made = await wsban('init', 'model', '--template', 'wsban', '--data', data)
  t.is(made.status, 0, made.err)
  t.regex(made.out, /3 classes, \d+ training images; the median of their shorter sides is 70 pixels/)
  const text = readFileSync(join(folder, 'model', 'model.wsban'), 'utf8')
  t.regex(text, /classes = 3,/)
  t.regex(text, /batch = 8/)
  // `model` is a keyword.
  t.regex(text, /^model wsban_tiny\(/m)
  t.deepEqual(parse('model.wsban', text).problems, [])
  t.false(readFileSync(join(folder, 'model', 'package.json'), 'utf8').includes('touch'))
  t.regex(readFileSync(join(folder, 'model', 'README.md'), 'utf8'), /--data '\.\.\/photos "of" \$\(touch owned\)'/)
})
