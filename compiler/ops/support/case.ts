import type { Attribute } from '../../graph/graph.js'

/** The values of an input of a case. `random` is seeded, from -1 to 1; `positive` from 0 to 1. */
export type Filling =
  | 'random'
  | 'positive'
  | 'zeros'
  | 'ones'
  /** Class labels below the given count, one per row. */
  | { readonly labels: readonly number[]; readonly classes: number }
  | { readonly values: readonly number[] }

export interface CaseInput {
  /** Channels-first, batch included. */
  readonly shape: readonly number[]
  readonly fill: Filling
  /** Names of the axes after the batch, for an operation that asks for them. */
  readonly axes?: readonly string[]
  /** All images share it: its batch is 1 in its type as well. */
  readonly shared?: true
}

/** One call of an operation: a test of every target, and an example in its page. */
export interface Case {
  readonly name: string
  /** By argument; a list for an argument of several tensors. */
  readonly inputs: Readonly<Record<string, CaseInput | readonly CaseInput[]>>
  readonly arguments?: Readonly<Record<string, Attribute>>
  /** `inference` when left out. */
  readonly phase?: 'training'
  /** The gradient is not compared: there is none, or it is discontinuous at these values. */
  readonly noGradient?: boolean
}
