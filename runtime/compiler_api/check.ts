import { syntaxDiagnostic } from '../../compiler/analysis/modules.js'
import { type Diagnostic, hasErrors } from '../../compiler/diagnostics/diagnostic.js'
import { type PlacedDiagnostic, placed } from '../../compiler/diagnostics/placed.js'
import { render } from '../../compiler/diagnostics/render.js'
import { fold } from '../../compiler/diagram/fold.js'
import type { Direction } from '../../compiler/diagram/layout.js'
import { svgOf, type Theme } from '../../compiler/diagram/svg.js'
import { expand as expandText } from '../../compiler/expand/expand.js'
import { format as formatText } from '../../grammar/format.js'
import { parse as parseText } from '../../grammar/parse.js'
import type { SourceFile } from '../../grammar/tree.js'
import { checkResult, type ModelSummary } from '../api/check_result.js'
import { compiled, libraryFor, type Spec, type SpecOptions, sourceOf } from './spec.js'

/** The part of every result that tells whether the spec is valid. */
export interface Checked {
  /** Whether there are no errors; warnings may be there. */
  readonly ok: boolean
  readonly diagnostics: readonly PlacedDiagnostic[]
  /** The diagnostics as `wsban check` prints them, with the lines that they are about; empty if there are none. */
  readonly report: string
}

export interface CheckedModel extends Checked {
  /** Without errors, and where the text has a model. */
  readonly model?: ModelSummary
}

/** Reports every error and warning of a spec, and the size of its model. No text of a spec makes it throw. */
export function check(spec: Spec, options: SpecOptions = {}): CheckedModel {
  const result = compiled(spec, options)
  return { ...checkResult(result), report: reportOf(result.diagnostics, result.texts) }
}

/** Parses a spec; the tree of a text with errors is that of what could be read. Imports are not followed. */
export function parse(spec: Spec): Checked & { readonly tree: SourceFile } {
  const { source, text } = sourceOf(spec)
  const { file, problems } = parseText(source, text)
  return { ...checked(problems.map(syntaxDiagnostic), new Map([[source, text]])), tree: file }
}

/** Formats a spec as `wsban fmt` does. Statements with syntax errors are left as they are. */
export function format(spec: Spec): Checked & { readonly text: string } {
  const { source, text } = sourceOf(spec)
  const formatted = formatText(source, text)
  return { ...checked(formatted.problems.map(syntaxDiagnostic), new Map([[source, text]])), text: formatted.text }
}

/**
 * Writes out every default and every imported block of a spec, as `wsban expand` does. The result compiles to the same model.
 *
 * @returns with `text` if the spec has no errors
 */
export function expand(spec: Spec): Checked & { readonly text?: string } {
  const { diagnostics, texts } = compiled(spec)
  const result = checked(diagnostics, texts)
  if (!result.ok) return result
  const { source, text } = sourceOf(spec)
  return { ...result, text: expandText(source, text, libraryFor(spec)) }
}

export interface DrawOptions extends SpecOptions {
  /** `auto` by default, which follows the reader's colour scheme. */
  readonly theme?: Theme
  /** Where the arrows point; chosen by the model's shape if omitted. */
  readonly direction?: Direction
}

/**
 * Draws a spec's model as one SVG file, as `wsban graph` does.
 *
 * @returns with `svg` if the spec has a model without errors
 */
export function draw(spec: Spec, options: DrawOptions = {}): Checked & { readonly svg?: string } {
  const { graph, diagnostics, texts } = compiled(spec, options)
  const result = checked(diagnostics, texts)
  return graph ? { ...result, svg: svgOf(fold(graph), options.theme, options.direction) } : result
}

export function checked(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>): Checked {
  return {
    ok: !hasErrors(diagnostics),
    diagnostics: diagnostics.map((diagnostic) => placed(diagnostic, texts)),
    report: reportOf(diagnostics, texts),
  }
}

function reportOf(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>): string {
  return diagnostics.map((diagnostic) => render(diagnostic, (source) => texts.get(source))).join('\n')
}
