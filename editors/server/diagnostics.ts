import {
  type CodeAction,
  CodeActionKind,
  type Diagnostic,
  DiagnosticSeverity,
  type WorkspaceEdit,
} from 'vscode-languageserver/node.js'
import type { Fix, Diagnostic as Found, Label } from '../../compiler/diagnostics/diagnostic.js'
import { positionOf } from '../../compiler/diagnostics/render.js'
import { allowProblems } from '../../compiler/warnings/allow.js'
import type { Analysis } from '../language/workspace.js'
import type { Places } from './places.js'
import type { FileEdits } from './workspace_edit.js'

/** Converts the compiler's diagnostics of a text to the protocol's. Those of imported files are placed at the import. */
export function protocolDiagnostics(analysis: Analysis, places: Places): Diagnostic[] {
  return analysis.diagnostics.map((diagnostic) => protocolDiagnostic(diagnostic, analysis, places))
}

function protocolDiagnostic(found: Found, analysis: Analysis, places: Places): Diagnostic {
  const { code, severity, message, help, primary, secondary } = found
  const labels = [primary, ...secondary]
  const shown = labels.find(({ span }) => span.source === analysis.source)
  const range = shown?.span ?? analysis.file.imports[0]?.fromSpan ?? { start: 0, end: 0 }
  const elsewhere = shown === primary ? '' : ` (${placeText(primary, analysis)})`
  const note = primary.text === '' ? '' : `: ${primary.text}`
  return {
    range: places.range(analysis.text, range),
    severity: severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    code,
    source: 'wsban',
    message: `${message}${note}${elsewhere}${help === undefined ? '' : `\n${help}`}`,
    relatedInformation: labels.flatMap((label) => {
      const text = analysis.texts.get(label.span.source)
      const said = label === primary ? message : label.text
      return label === shown || text === undefined
        ? []
        : [{ location: places.location(label.span, text), message: said }]
    }),
  }
}

function placeText({ span }: Label, { texts }: Analysis): string {
  const { line, column } = positionOf(span, texts)
  return `${span.source}:${line}:${column + 1}`
}

/** Returns code actions for the diagnostics in a range: fixes, and comments that allow a warning. */
export function actionsOf(
  analysis: Analysis,
  { start, end }: { readonly start: number; readonly end: number },
  places: Places,
  edit: (changes: readonly FileEdits[]) => WorkspaceEdit,
): CodeAction[] {
  return analysis.diagnostics.flatMap((diagnostic): CodeAction[] => {
    const { fix, severity, primary } = diagnostic
    const { span } = primary
    if (span.source !== analysis.source || span.end < start || span.start > end) return []
    const allowing = severity === 'warning' && !allowProblems.has(diagnostic.code) ? [allow(diagnostic, analysis)] : []
    return [...(fix ? [fix] : []), ...allowing].map((one) => ({
      title: one.title,
      kind: CodeActionKind.QuickFix,
      isPreferred: one === fix,
      diagnostics: [protocolDiagnostic(diagnostic, analysis, places)],
      edit: edit([{ source: analysis.source, edits: one.edits.map((change) => places.edit(analysis.text, change)) }]),
    }))
  })
}

/** Inserts an allow comment above the warning's line, with a placeholder for the reason. */
function allow({ code, primary: { span } }: Found, { text }: Analysis): Fix {
  const line = text.lastIndexOf('\n', span.start - 1) + 1
  const indent = /^[ \t]*/.exec(text.slice(line))?.[0] ?? ''
  const place = { source: span.source, start: line, end: line }
  return { title: `Allow ${code} here, with a reason`, edits: [{ span: place, text: `${indent}// allow ${code}:\n` }] }
}
