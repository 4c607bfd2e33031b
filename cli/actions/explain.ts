import { functions } from '../../compiler/analysis/functions/index.js'
import { functionPage } from '../../compiler/analysis/functions/page.js'
import { codes, diagnosticPage } from '../../compiler/diagnostics/page.js'
import { nearest } from '../../compiler/diagnostics/suggest.js'
import { operations } from '../../compiler/ops/index.js'
import { operationPage, settingPage } from '../../compiler/ops/page.js'
import { settings } from '../../compiler/training/settings.js'
import { Failure } from '../../runtime/failure.js'
import type { Io } from '../io.js'

/** Prints every page as Markdown: operations, settings, then diagnostics. */
export function explainAll(io: Io): number {
  const all = [...pages()].map(([name, page]) => ({ name, text: page() }))
  io.printText(all.map(({ text }) => text).join('\n\n'))
  io.json({ ok: true, pages: all })
  return 0
}

/** Prints the page of an operation, a setting or a diagnostic. */
export function explain(name: string, io: Io): number {
  const known = pages()
  const page = known.get(name)
  if (!page) {
    const suggestion = nearest(name, [...known.keys()])
    throw new Failure({
      code: 'nothing-to-explain',
      message: `there is neither an operation nor a diagnostic called ${name}`,
      help: suggestion ? `did you mean ${suggestion}?` : `operations: ${[...operations.keys()].join(', ')}`,
      exit: 2,
    })
  }
  const text = page()
  io.printText(text)
  io.json({ ok: true, name, text })
  return 0
}

function pages(): ReadonlyMap<string, () => string> {
  return new Map([
    ...[...functions].map(([name, compileTime]) => [name, () => functionPage(compileTime)] as const),
    ...[...operations].map(([name, operation]) => [name, () => operationPage(operation)] as const),
    ...[...settings].map(([name, setting]) => [name, () => settingPage(setting)] as const),
    ...codes().map((code) => [code, () => diagnosticPage(code)] as const),
  ])
}
