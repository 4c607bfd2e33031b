import { nearest } from '../../compiler/diagnostics/suggest.js'
import { table } from '../../compiler/diagnostics/table.js'
import { operations } from '../../compiler/ops/index.js'
import { operationPage } from '../../compiler/ops/page.js'
import { settings } from '../../compiler/training/settings.js'
import { Failure } from '../../runtime/failure.js'
import type { Io } from '../io.js'

/** Prints the page of an operation, a setting or a diagnostic. */
export function explain(name: string, io: Io): number {
  const operation = operations.get(name) ?? settings.get(name)
  const diagnostic = Object.entries(table).find(([code]) => code === name)?.[1]
  if (!operation && !diagnostic) {
    const suggestion = nearest(name, [...operations.keys(), ...settings.keys(), ...Object.keys(table)])
    throw new Failure({
      code: 'nothing-to-explain',
      message: `there is neither an operation nor a diagnostic called ${name}`,
      help: suggestion ? `did you mean ${suggestion}?` : `operations: ${[...operations.keys()].join(', ')}`,
      exit: 2,
    })
  }
  const text = operation ? operationPage(operation) : `${name}: ${diagnostic?.severity}\n\n${diagnostic?.explanation}`
  io.print(text)
  io.json({ ok: true, name, text })
  return 0
}
