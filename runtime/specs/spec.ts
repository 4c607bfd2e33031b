import type { ModelSettings } from '../../compiler/analysis/model.js'
import type { Library } from '../../compiler/analysis/modules.js'
import { compile } from '../../compiler/compile.js'
import { type CompiledSpec, compileFrom } from './compiled_spec.js'
import { diskLibrary, shownPath } from './library.js'
import { readSpec, specFile } from './spec_file.js'
import type { StoredSpec } from './stored.js'
import { entryText } from './stored.js'

export type { CompiledSpec }

/** Compiles a spec from disk: a file, or the name of a model that comes with wsban. @throws Failure `spec-unreadable` */
export function compileFile(given: string, settings: ModelSettings = {}, train: readonly string[] = []): CompiledSpec {
  const path = specFile(given)
  return compileText(path, readSpec(path), settings, train)
}

/** Compiles a text as if it stood in that file: what it imports is read from disk. */
export function compileText(
  path: string,
  text: string,
  settings: ModelSettings = {},
  train: readonly string[] = [],
): CompiledSpec {
  return compileFrom(diskLibrary(), { source: shownPath(path), text }, settings, train)
}

/** Compiles what a run or an exported file kept of its spec: no file is read. */
export function compileStored(stored: StoredSpec): CompiledSpec {
  const { entry, files, imports, settings, train, defaults } = stored
  const library: Library = {
    standard: [],
    find(specifier, importer) {
      const source = imports.find((item) => item.importer === importer && item.specifier === specifier)?.source
      const text = source !== undefined && Object.hasOwn(files, source) ? files[source] : undefined
      return source !== undefined && text !== undefined ? { source, text } : undefined
    },
  }
  const options = { ...(train && { train }), ...(defaults && { defaults }) }
  return { ...compile({ source: entry, text: entryText(stored) }, library, settings, options), stored }
}
