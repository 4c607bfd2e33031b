import { hasErrors } from '../../compiler/diagnostics/diagnostic.js'
import { expand } from '../../compiler/expand/expand.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { entryText } from '../../runtime/specs/stored.js'
import { SpecRejected } from '../action.js'
import type { Io } from '../io.js'

/** Prints a self-contained spec with all defaults. */
export function expandFile(file: string, io: Io): number {
  const { diagnostics, texts, stored } = compileFile(file)
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  io.diagnostics(errors, texts)
  if (hasErrors(diagnostics)) {
    io.json({ ok: false, errors: errors.map(({ code, message, help }) => ({ code, message, help })) })
    throw new SpecRejected()
  }
  const text = expand(stored.entry, entryText(stored), diskLibrary())
  io.write(text)
  io.json({ ok: true, text })
  return 0
}
