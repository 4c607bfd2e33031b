import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { compile } from '../../compiler/compile.js'
import type { Diagnostic } from '../../compiler/diagnostics/diagnostic.js'
import { position } from '../../compiler/diagnostics/render.js'
import { diskLibrary } from '../../runtime/specs/library.js'

/** Each spec of the folder ends with its expected diagnostics, as comments. A new file is a new test; UPDATE=1 writes the actual diagnostics. */
const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures', 'diagnostics')
const mark = '//! '

for (const file of readdirSync(folder).filter((name) => name.endsWith('.wsban')))
  test(`${basename(file, '.wsban')} gets its diagnostics`, (t) => {
    const path = join(folder, file)
    const lines = readFileSync(path, 'utf8').split('\n')
    const end = lines.findIndex((line) => line.startsWith(mark))
    const text = `${lines
      .slice(0, end === -1 ? undefined : end)
      .join('\n')
      .trimEnd()}\n`
    const expected = end === -1 ? '' : lines.slice(end).join('\n').trimEnd()
    const { diagnostics, texts } = compile({ source: path, text }, diskLibrary())
    const found = diagnostics
      .flatMap((diagnostic) => describe(diagnostic, texts))
      .map((line) => `${mark}${line}`)
      .join('\n')
    if (process.env.UPDATE) writeFileSync(path, found === '' ? text : `${text}\n${found}\n`)
    else t.is(found, expected)
    t.true(diagnostics.length > 0, 'a fixture of this folder is wrong in some way')
  })

function describe(
  { severity, code, message, help, primary, secondary }: Diagnostic,
  texts: ReadonlyMap<string, string>,
): string[] {
  const place = (label: Diagnostic['primary']) => {
    const { line, column } = position(texts.get(label.span.source) ?? '', label.span.start)
    return `${basename(label.span.source)}:${line}:${column + 1}`
  }
  const clean = (line: string) => line.replaceAll(`${folder}/`, '').replaceAll('test/fixtures/diagnostics/', '')
  return [
    `${place(primary)} ${severity}[${code}]: ${clean(message)}${primary.text === '' ? '' : ` (${primary.text})`}`,
    ...secondary.map((label) => `  ${place(label)} ${label.text}`),
    ...(help === undefined ? [] : [`  help: ${clean(help)}`]),
  ]
}
