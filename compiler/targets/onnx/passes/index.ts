import type { OnnxProgram } from '../program.js'
import { foldBatchNorm } from './fold_batch_norm.js'
import { foldConstants } from './fold_constants.js'
import { foldScales } from './fold_scales.js'
import { mergeDuplicates } from './merge_duplicates.js'
import type { Pass } from './pass.js'
import { removeTransposes } from './remove_transposes.js'

/** Passes that make a file smaller and faster without changing what it computes, in the order in which they run. */
export const passes: readonly Pass[] = [foldConstants, mergeDuplicates, removeTransposes, foldBatchNorm, foldScales]

/** All passes but those that are named. */
export function optimise(program: OnnxProgram, without: ReadonlySet<string> = new Set()): OnnxProgram {
  return passes.reduce((current, pass) => (without.has(pass.name) ? current : pass.run(current)), program)
}
