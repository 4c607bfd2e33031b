import { existsSync, readFileSync } from 'node:fs'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { type LabelKind, labelKinds } from '../../compiler/graph/graph.js'
import { parse } from '../../grammar/parse.js'
import type { Model } from '../../grammar/tree.js'
import type { DataSet } from '../data/dataset.js'
import type { WantedLabel } from '../data/label_inputs.js'
import { specFile } from './spec_file.js'

/** A label input as a spec declares it, before the spec is compiled. */
export interface DeclaredLabel {
  readonly name: string
  readonly kind: LabelKind
  /** The parameter of the model that is its size, if one is. */
  readonly parameter?: string
}

/** The label inputs of a spec, which decide what is read of its data. */
export class DeclaredLabels {
  private constructor(
    private readonly labels: readonly DeclaredLabel[],
    private readonly parameters: readonly string[],
  ) {}

  /** Returns those of a file or of a model that comes with wsban; none for a file that cannot be read, which its compilation reports. */
  static ofFile(given: string): DeclaredLabels {
    const path = specFile(given)
    return existsSync(path) ? DeclaredLabels.ofText(path, readFileSync(path, 'utf8')) : new DeclaredLabels([], [])
  }

  static ofText(path: string, text: string): DeclaredLabels {
    const [model] = parse(path, text).file.models
    return new DeclaredLabels(model ? labelsOf(model) : [], model?.parameters.map(({ name }) => name.text) ?? [])
  }

  /** Returns the label inputs whose columns are read; none if a class is all that the model is trained with. */
  wanted(names: Readonly<Record<string, readonly string[]>> = {}): WantedLabel[] {
    const [first, ...others] = this.labels
    if (!first || (first.kind === 'Class' && others.length === 0)) return []
    return this.labels.map(({ name, kind }) => {
      const known = kind === 'Value' ? undefined : names[name]
      return { name, kind, ...(known && { names: known }) }
    })
  }

  /** Sets the parameters that are sizes of label inputs, and `classes`, to those of the data, unless they are set. */
  settings(chosen: ModelSettings, { classes, labels }: Pick<DataSet, 'classes' | 'labels'>): ModelSettings {
    const sizes = new Map<string, number>()
    if (this.parameters.includes('classes') && classes.length > 0) sizes.set('classes', classes.length)
    for (const { name, parameter } of this.labels) {
      const size = labels ? labels.find((label) => label.name === name)?.size : classes.length
      if (parameter !== undefined && this.parameters.includes(parameter) && size !== undefined)
        sizes.set(parameter, size)
    }
    return { ...Object.fromEntries(sizes), ...chosen }
  }
}

function labelsOf({ inputs }: Model): DeclaredLabel[] {
  return inputs.flatMap(({ name, type, dimensions: [size] }): DeclaredLabel[] => {
    const kind = labelKinds.find((one) => one === type.text)
    if (!kind) return []
    return [{ name: name.text, kind, ...(size?.kind === 'name' && { parameter: size.text }) }]
  })
}
