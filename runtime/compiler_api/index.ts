/** The compiler that a program imports from `wsban/compiler`, in a browser or anywhere else: it reads no file and needs nothing of Node. */
import { packageVersion } from '../package_version.js'
import { standardTexts } from '../specs/standard_texts.js'

export type { ModelSettings } from '../../compiler/analysis/model.js'
export type { Severity } from '../../compiler/diagnostics/diagnostic.js'
export type { Place, PlacedDiagnostic } from '../../compiler/diagnostics/placed.js'
export type { Direction } from '../../compiler/diagram/layout.js'
export type { Theme } from '../../compiler/diagram/svg.js'
export type { GeneratedFile } from '../../compiler/targets/tfjs/emit.js'
export type { SourceFile } from '../../grammar/tree.js'
export type { ModelSummary } from '../api/check_result.js'
export { Failure, type Problem } from '../failure.js'
export { type Checked, type CheckedModel, check, type DrawOptions, draw, expand, format, parse } from './check.js'
export { type CompiledFiles, type CompileOptions, compile } from './compile.js'
export { type ExportedOnnx, exportOnnx, type OnnxFile, type OnnxOptions } from './onnx.js'
export type { Spec, SpecOptions } from './spec.js'

/**
 * The texts of the models, backbones and blocks that come with wsban, by the names under which specs import them: `wsban_tiny`,
 * `backbones/inception_v3`, `blocks/attention`.
 */
export const standardFiles: Readonly<Record<string, string>> = standardTexts()

/** The version of wsban. */
export const version: string = packageVersion()
