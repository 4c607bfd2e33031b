import type { ModelSettings } from '../../compiler/analysis/model.js'
import type { Library } from '../../compiler/analysis/modules.js'
import { type CompiledSpec, compileFrom } from '../specs/compiled_spec.js'
import { extension, libraryOf } from '../specs/standard_library.js'
import { standardTexts } from '../specs/standard_texts.js'

/** A spec's text, optionally with its name for messages and the files that it imports by relative paths. */
export type Spec =
  | string
  | {
      readonly text: string
      /** `spec.wsban` if omitted. */
      readonly name?: string
      /** Texts by path, relative to the folder in which `name` begins: `{ 'blocks/mine.wsban': '...' }`. */
      readonly files?: Readonly<Record<string, string>>
    }

export interface SpecOptions {
  /** The model's parameters, as `--set` does. */
  readonly set?: ModelSettings
  /** Replacements for lines of the train block, as `--train` does: `optimizer.rate=0.01`. */
  readonly train?: readonly string[]
}

/** The name of a spec without one. */
export const defaultName = `spec${extension}`

/** Returns the library that a spec imports from: the standard files, and its own. */
export function libraryFor(spec: Spec): Library {
  const files = typeof spec === 'string' ? {} : (spec.files ?? {})
  return libraryOf({
    standardNames: () => Object.keys(standardTexts()),
    standardFile: (name) => at(standardTexts(), name, `models/${name}${extension}`),
    ownFile(path, importer) {
      const resolved = resolvedFrom(importer, path)
      return resolved === undefined ? undefined : at(files, resolved, resolved)
    },
  })
}

export function sourceOf(spec: Spec): { readonly source: string; readonly text: string } {
  return typeof spec === 'string'
    ? { source: defaultName, text: spec }
    : { source: spec.name ?? defaultName, text: spec.text }
}

export function compiled(spec: Spec, { set = {}, train = [] }: SpecOptions = {}): CompiledSpec {
  return compileFrom(libraryFor(spec), sourceOf(spec), set, train)
}

function at(texts: Readonly<Record<string, string>>, key: string, source: string) {
  const text = Object.hasOwn(texts, key) ? texts[key] : undefined
  return text === undefined ? undefined : { source, text }
}

/** Resolves `./b.wsban` from `folder/a.wsban` to `folder/b.wsban`; undefined above the folder that all names begin at. */
function resolvedFrom(importer: string, path: string): string | undefined {
  const parts = importer.split('/').slice(0, -1)
  for (const part of path.split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined
    if (part !== '.' && part !== '..') parts.push(part)
  }
  return parts.join('/')
}
