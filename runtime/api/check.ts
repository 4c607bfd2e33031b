import type { ModelSettings } from '../../compiler/analysis/model.js'
import { type CompiledSpec, compileFile, compileText } from '../specs/spec.js'
import { type CheckResult, checkResult } from './check_result.js'

/** The path of a file; or a text and its path, relative to which imports are resolved. */
export type SpecInput = string | { readonly path: string; readonly text: string }

/**
 * Returns every error and warning of a spec, and the size of its model. No text of a spec makes it throw.
 *
 * @param options.set the model's parameters, as `--set` does
 * @throws Failure `spec-unreadable` if the file does not exist
 */
export function check(spec: SpecInput, options: { readonly set?: ModelSettings } = {}): CheckResult {
  return checkResult(compiledFrom(spec, options.set))
}

export function compiledFrom(spec: SpecInput, set: ModelSettings = {}): CompiledSpec {
  return typeof spec === 'string' ? compileFile(spec, set) : compileText(spec.path, spec.text, set)
}
