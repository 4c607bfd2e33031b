import { realpathSync } from 'node:fs'
import { text as readAll } from 'node:stream/consumers'
import { syntaxDiagnostic } from '../../compiler/analysis/modules.js'
import { type Formatted, format } from '../../grammar/format.js'
import { Failure } from '../../runtime/failure.js'
import { writeAtomically } from '../../runtime/files.js'
import { readSpec } from '../../runtime/specs/spec_file.js'
import type { Io } from '../io.js'

/** Formats each file in place, or with `check` says which ones would change; 1 for a file that would, or that has syntax errors. */
export async function formatFiles(files: readonly string[], check: boolean, io: Io): Promise<number> {
  if (files.length === 0) throw wrongUsage('say which files to format, or --stdin')
  const results = files.map((file) => {
    const before = readSpec(file)
    const { text, problems } = formatted(file, before, io)
    return { file, text, changed: text !== before, errors: problems.length }
  })
  for (const { file, text, changed } of results) {
    if (!changed) continue
    if (check) io.print(file)
    else {
      // A link is kept: its target is written.
      await writeAtomically(realpathSync(file), text)
      io.reporter.say(`formatted ${file}`)
    }
  }
  const changed = results.filter((result) => result.changed)
  if (check && changed.length > 0)
    io.reporter.say(
      `${changed.length === 1 ? 'this file is' : 'these files are'} not formatted: wsban fmt FILE does it`,
    )
  const ok = results.every(({ errors }) => errors === 0) && (!check || changed.length === 0)
  io.json({ ok, files: results.map(({ file, changed, errors }) => ({ file, changed, errors })) })
  return ok ? 0 : 1
}

/** Standard input to standard output. */
export async function formatStream(files: readonly string[], check: boolean, io: Io): Promise<number> {
  if (files.length > 0) throw wrongUsage('give files or --stdin, not both')
  const before = await readAll(process.stdin)
  const { text, problems } = formatted('<stdin>', before, io)
  const changed = text !== before
  io.json({ ok: problems.length === 0 && !(check && changed), changed, text })
  if (!check) io.write(text)
  else if (changed) io.reporter.say('standard input is not formatted')
  return problems.length > 0 || (check && changed) ? 1 : 0
}

function formatted(source: string, text: string, io: Io): Formatted {
  const result = format(source, text)
  if (!result.kept) throw new Error(`formatting ${source} would have changed what it means, so it was left as it is`)
  io.diagnostics(result.problems.map(syntaxDiagnostic), new Map([[source, text]]))
  return result
}

function wrongUsage(message: string): Failure {
  return new Failure({ code: 'wrong-usage', message, help: 'wsban fmt -h shows examples', exit: 2 })
}
