import type { Diagnostic } from '../diagnostics/diagnostic.js'
import type { Examined, Warning } from './examined.js'
import { idleLosses, learningTeachers, untrainedWeights } from './gradients.js'
import { idleCascades } from './idle_cascade.js'
import { otherNormalizations } from './normalization.js'
import { rectifiedLogits } from './rectified_logits.js'
import { unlikelyValues } from './unlikely.js'
import { unscoredPredictions } from './unscored_prediction.js'
import { unusedBindings } from './unused_binding.js'
import { unusedCrops } from './unused_crop.js'

const warnings: readonly Warning[] = [
  unusedBindings,
  unusedCrops,
  untrainedWeights,
  idleLosses,
  learningTeachers,
  unlikelyValues,
  rectifiedLogits,
  otherNormalizations,
  unscoredPredictions,
  idleCascades,
]

/** Reports what is probably a mistake in a model without errors. */
export function warningsOf(examined: Examined): Diagnostic[] {
  return warnings.flatMap((warning) => warning(examined))
}
