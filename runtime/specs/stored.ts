import type { Defaults } from '../../compiler/analysis/defaults.js'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { present } from '../../grammar/present.js'

/** A model's text with everything it imports and the settings chosen for it: enough to compile the same graph anywhere. */
export interface StoredSpec {
  readonly entry: string
  /** Texts by source. */
  readonly files: Readonly<Record<string, string>>
  /** The source that each import resolved to, by `importer` and `specifier`. */
  readonly imports: readonly { readonly importer: string; readonly specifier: string; readonly source: string }[]
  readonly settings: ModelSettings
  /** The settings given by --train. */
  readonly train?: readonly string[]
  /** The defaults of the version that read it first: what the text leaves out means the same ever after. */
  readonly defaults?: Defaults
}

/** Returns the text of the file that the spec was read from. */
export function entryText({ entry, files }: Pick<StoredSpec, 'entry' | 'files'>): string {
  return present(files[entry], `the text of ${entry}`)
}
