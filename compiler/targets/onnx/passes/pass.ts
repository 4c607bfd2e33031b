import type { OnnxProgram } from '../program.js'

/** A transformation of a program that does not change its results. */
export interface Pass {
  /** Its name for `--without`. */
  readonly name: string
  readonly summary: string
  /** The tolerance of an output relative to its largest value; 0 for bit-for-bit equality. */
  readonly tolerance: number
  run(program: OnnxProgram): OnnxProgram
}
