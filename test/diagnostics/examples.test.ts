import test from 'ava'
import type { Library } from '../../compiler/analysis/modules.js'
import { compile } from '../../compiler/compile.js'
import { examples } from '../../compiler/diagnostics/examples/index.js'
import { codes } from '../../compiler/diagnostics/page.js'
import { format } from '../../grammar/format.js'
import { diskLibrary } from '../../runtime/specs/library.js'

for (const code of codes()) {
  const { wrong, right, within, files = {}, set } = examples[code]
  const disk = diskLibrary()
  const text = within(wrong)
  const library: Library = {
    ...disk,
    find(specifier, importer) {
      if (specifier === './example') return { source: 'example.wsban', text }
      const own = files[specifier.replace('./', '')]
      return own === undefined ? disk.find(specifier, importer) : { source: `${specifier}.wsban`, text: own }
    },
  }
  const found = (spec: string, settings: Readonly<Record<string, number>> = {}) =>
    compile({ source: 'example.wsban', text: spec }, library, settings).diagnostics.map((one) => one.code)

  test(`the example of ${code} gets it, and nothing else`, (t) => {
    t.deepEqual([...new Set(found(text, set))], [code])
  })
  if (right !== undefined)
    test(`the corrected example of ${code} has no diagnostics`, (t) => {
      t.deepEqual(found(within(right)), [])
      t.is(format('example.wsban', within(right)).text, within(right), 'written in the one formatting')
    })
}
