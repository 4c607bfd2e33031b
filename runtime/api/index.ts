/** The library that a program imports from `wsban`: checks and compiles specs, loads trained models, predicts on images. */
export type { Place, PlacedDiagnostic } from '../../compiler/diagnostics/placed.js'
export { Failure, type Problem } from '../failure.js'
export type { Box } from '../images/rgb_image.js'
export { check, type SpecInput } from './check.js'
export type { CheckResult, ModelSummary } from './check_result.js'
export { type CompileOptions, compile, SpecFailure } from './compile.js'
export {
  type LoadedModel,
  type LoadOptions,
  load,
  type Prediction,
  type PredictOptions,
  predict,
  type RankedClass,
} from './model.js'
