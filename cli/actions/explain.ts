import { functions } from '../../compiler/analysis/functions/index.js'
import { functionPage } from '../../compiler/analysis/functions/page.js'
import { codes, diagnosticPage } from '../../compiler/diagnostics/page.js'
import { nearest } from '../../compiler/diagnostics/suggest.js'
import { operations } from '../../compiler/ops/index.js'
import type { ArgumentSpec } from '../../compiler/ops/operation.js'
import { operationPage, settingPage } from '../../compiler/ops/page.js'
import { trainSettings } from '../../compiler/training/loop.js'
import { trainBlockPages } from '../../compiler/training/page.js'
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

/** Prints the page of an operation, a setting, a diagnostic, or the calls that take an argument of that name. */
export function explain(name: string, io: Io): number {
  const known = pages()
  const page = known.get(name) ?? argumentPage(name)
  if (!page) {
    const suggestion = nearest(name, [...known.keys()])
    throw new Failure({
      code: 'nothing-to-explain',
      message: `no operation, setting or diagnostic is called ${name}`,
      help: suggestion ? `did you mean ${suggestion}?` : 'wsban explain --all prints every page',
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
    ...trainBlockPages(),
    ...[...operations].map(([name, operation]) => [name, () => operationPage(operation)] as const),
    ...[...settings].map(([name, setting]) => {
      // `ema` is a function of the model and a setting of the train block.
      const compileTime = functions.get(name)
      const texts = () => [...(compileTime ? [functionPage(compileTime)] : []), settingPage(setting)]
      return [name, () => texts().join('\n\n')] as const
    }),
    ...codes().map((code) => [code, () => diagnosticPage(code)] as const),
  ])
}

/** For `momentum`, or `optimizer.rate` as `--train` writes it: every call that takes such an argument, and what it means there. */
function argumentPage(given: string): (() => string) | undefined {
  const dot = given.lastIndexOf('.')
  const name = given.slice(dot + 1)
  const kind =
    dot < 0 ? undefined : Object.entries(trainSettings).find(([line]) => line === given.slice(0, dot))?.[1].kind
  const chosen = [...settings.values()].filter((setting) => kind === undefined || setting.kind === kind)
  const rows = [...chosen, ...(kind === undefined ? operations.values() : [])].flatMap((call) =>
    call.arguments
      .filter((argument) => argument.name === name)
      .map(({ meaning, default: standard }) => `| \`${call.name}\` | ${defaultText(standard)} | ${meaning} |`),
  )
  if (rows.length === 0) return undefined
  return () =>
    [`## ${name}`, '', 'An argument of:', '', '| call | default | description |', '|---|---|---|', ...rows].join('\n')
}

function defaultText(value: ArgumentSpec['default']): string {
  return value === undefined ? 'required' : value === null ? 'none' : `\`${String(value)}\``
}
