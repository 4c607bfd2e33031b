import type { ModelSettings } from '../../compiler/analysis/model.js'
import { type CompiledSpec, compileFile, compileText } from '../specs/spec.js'
import { type CheckResult, checkResult } from './check_result.js'

/** A file's path; or a text, and the path that it would have: imports are looked for beside it. */
export type SpecInput = string | { readonly path: string; readonly text: string }

/**
 * Every error and warning of a spec, and the size of its model. Nothing that is written in a spec makes it throw.
 *
 * @param options.set the model's parameters, as `--set` does
 * @throws Failure `spec-unreadable` when there is no such file
 */
export function check(spec: SpecInput, options: { readonly set?: ModelSettings } = {}): CheckResult {
  return checkResult(compiledFrom(spec, options.set))
}

export function compiledFrom(spec: SpecInput, set: ModelSettings = {}): CompiledSpec {
  return typeof spec === 'string' ? compileFile(spec, set) : compileText(spec.path, spec.text, set)
}
