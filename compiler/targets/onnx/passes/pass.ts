import type { OnnxProgram } from '../program.js'

/** One change of a program that leaves what it computes as it is. */
export interface Pass {
  /** As `--without` names it. */
  readonly name: string
  readonly summary: string
  /** How far an output may move, against its largest value; 0: not by one bit. */
  readonly tolerance: number
  run(program: OnnxProgram): OnnxProgram
}
