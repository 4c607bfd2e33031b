import { presentDefaults } from '../../compiler/analysis/defaults.js'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import type { Library } from '../../compiler/analysis/modules.js'
import { type Compiled, compile, type Source } from '../../compiler/compile.js'
import type { StoredSpec } from './stored.js'

export interface CompiledSpec extends Compiled {
  readonly stored: StoredSpec
}

/** Compiles a text, and keeps what it was compiled from: its own text and those that it imports from the library. */
export function compileFrom(
  library: Library,
  entry: Source,
  settings: ModelSettings = {},
  train: readonly string[] = [],
): CompiledSpec {
  const imports: { importer: string; specifier: string; source: string }[] = []
  const recording: Library = {
    get standard() {
      return library.standard
    },
    find(specifier, importer) {
      const found = library.find(specifier, importer)
      if (found) imports.push({ importer, specifier, source: found.source })
      return found
    },
    exporting: (block) => library.exporting?.(block),
    normalizationOf: (weights) => library.normalizationOf?.(weights),
  }
  const compiled = compile(entry, recording, settings, { train })
  return {
    ...compiled,
    stored: {
      entry: entry.source,
      files: Object.fromEntries(compiled.files),
      imports,
      settings: { ...settings },
      ...(train.length > 0 && { train: [...train] }),
      defaults: presentDefaults(),
    },
  }
}
