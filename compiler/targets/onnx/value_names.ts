import { Names } from '../identifiers.js'
import { bodiesOf, type OnnxNode, type OnnxProgram } from './program.js'

/** Allocates names of values; a number is appended to a name that is taken. */
export class ValueNames {
  private readonly names: Names

  constructor(taken: Iterable<string>) {
    this.names = new Names((parts) => parts.join('/'), taken)
  }

  /** Names that a program does not use yet, in its bodies neither. */
  static beside({ inputs, nodes, constants, weights }: OnnxProgram): ValueNames {
    return new ValueNames([
      ...inputs.map(({ name }) => name),
      ...nodes.flatMap(definedBy),
      ...constants.keys(),
      ...weights.keys(),
    ])
  }

  /** @returns the name, or the first free one after it */
  free(wanted: string): string {
    return this.names.give([wanted])
  }
}

function definedBy(node: OnnxNode): string[] {
  const inBodies = bodiesOf(node).flatMap(({ inputs, nodes }) => [
    ...inputs.map(({ name }) => name),
    ...nodes.flatMap(definedBy),
  ])
  return [...node.outputs, ...inBodies]
}
