import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { type Diagnostic, hasErrors } from '../../compiler/diagnostics/diagnostic.js'
import { placed } from '../../compiler/diagnostics/placed.js'
import { githubCommand } from '../../compiler/diagnostics/safe_text.js'
import { table } from '../../compiler/diagnostics/table.js'
import { shapeText, typeOf } from '../../compiler/graph/graph.js'
import { measure } from '../../compiler/graph/measure.js'
import { summaryOf } from '../../runtime/api/check_result.js'
import { packageVersion } from '../../runtime/package_version.js'
import { type CompiledSpec, compileFile } from '../../runtime/specs/spec.js'
import type { Io } from '../io.js'
import { repeatOnChange } from '../watch.js'

export type CheckFormat = 'human' | 'json' | 'sarif' | 'github'

interface Checked {
  readonly file: string
  readonly compiled: CompiledSpec
}

/** Checks each file; 0 when none has an error. */
export function checkFiles(files: readonly string[], settings: ModelSettings, format: CheckFormat, io: Io): number {
  return checkOnce(files, settings, format, io).some(failed) ? 1 : 0
}

/** Checks the files, and again whenever one of them or of what they import changes. */
export function watchFiles(files: readonly string[], settings: ModelSettings, io: Io): Promise<number> {
  const work = async () => checkOnce(files, settings, 'human', io).flatMap(({ compiled }) => [...compiled.files.keys()])
  return repeatOnChange(files, work, io)
}

function checkOnce(files: readonly string[], settings: ModelSettings, format: CheckFormat, io: Io): Checked[] {
  const checked = files.map((file): Checked => ({ file, compiled: compileFile(file, settings) }))
  if (format === 'human') for (const one of checked) printHuman(one, io)
  else if (format === 'json') io.json({ ok: !checked.some(failed), files: checked.map(jsonOf) })
  else if (format === 'sarif') io.json(sarifOf(checked))
  else for (const one of checked) for (const d of one.compiled.diagnostics) io.machineLine(githubLine(d, one.compiled))
  return checked
}

const failed = ({ compiled }: Checked) => hasErrors(compiled.diagnostics)

function printHuman({ file, compiled }: Checked, io: Io): void {
  io.diagnostics(compiled.diagnostics, compiled.texts)
  const errors = compiled.diagnostics.filter(({ severity }) => severity === 'error').length
  if (errors > 0) io.reporter.say(`${file}: ${errors} error${errors === 1 ? '' : 's'}`)
  else io.print(summaryLine(file, compiled))
}

function summaryLine(file: string, { graph }: CompiledSpec): string {
  if (!graph) return `${file}: fine; blocks to import, no model`
  const { parameters, multiplyAdds } = measure(graph)
  const outputs = graph.predictions.map(({ name, value }) => `${name} ${shapeText(typeOf(graph, value))}`)
  return `${file}: ${graph.name} is fine · ${short(parameters)} parameters · ${short(multiplyAdds)} multiply-adds an image · ${outputs.join(', ')}`
}

/** 48405288 as `48.4 million` */
function short(count: number): string {
  const [divisor, unit] =
    count >= 1e9 ? [1e9, ' billion'] : count >= 1e6 ? [1e6, ' million'] : count >= 1e3 ? [1e3, ' thousand'] : [1, '']
  return `${(count / divisor).toFixed(divisor === 1 ? 0 : 1)}${unit}`
}

function jsonOf({ file, compiled }: Checked) {
  const { graph, diagnostics, texts } = compiled
  return {
    file,
    diagnostics: diagnostics.map((diagnostic) => placed(diagnostic, texts)),
    ...(graph && { model: summaryOf(graph) }),
  }
}

function sarifOf(checked: readonly Checked[]) {
  const results = checked.flatMap(({ compiled }) =>
    compiled.diagnostics.map((diagnostic) => {
      const { at } = placed(diagnostic, compiled.texts)
      return {
        ruleId: diagnostic.code,
        level: diagnostic.severity,
        message: {
          text: diagnostic.help === undefined ? diagnostic.message : `${diagnostic.message}. ${diagnostic.help}`,
        },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: uriOf(at.file) },
              region: {
                startLine: at.line,
                startColumn: at.column,
                charOffset: at.start,
                charLength: at.end - at.start,
              },
            },
          },
        ],
      }
    }),
  )
  const rules = Object.entries(table).map(([id, { explanation }]) => ({ id, shortDescription: { text: explanation } }))
  return {
    version: '2.1.0',
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    runs: [
      { tool: { driver: { name: 'wsban', version: packageVersion(), rules } }, columnKind: 'utf16CodeUnits', results },
    ],
  }
}

/** Returns a path as a URI for SARIF; relative ones remain relative. */
function uriOf(path: string): string {
  return isAbsolute(path) ? pathToFileURL(path).href : path.split(/[\\/]/).map(encodeURIComponent).join('/')
}

function githubLine(diagnostic: Diagnostic, compiled: CompiledSpec): string {
  const { at, message } = placed(diagnostic, compiled.texts)
  return githubCommand(
    diagnostic.severity,
    { file: at.file, line: at.line, col: at.column, title: diagnostic.code },
    message,
  )
}
