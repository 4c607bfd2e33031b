import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { nearest } from '../../compiler/diagnostics/suggest.js'
import { Failure, reasonOf } from '../failure.js'
import { bundledText, standardNames, standardPath } from './library.js'
import { extension } from './standard_library.js'

/** Names of the models that come with wsban. */
export function modelNames(): string[] {
  return standardNames().filter((name) => !name.includes('/'))
}

/** Returns the path of a spec that is given as a file or as the name of a model that comes with wsban. A file of that name wins. */
export function specFile(given: string): string {
  return !existsSync(given) && modelNames().includes(given) ? standardPath(given) : given
}

/** Returns the text of a spec file. @throws Failure `spec-unreadable` */
export function readSpec(path: string): string {
  const bundled = existsSync(path) ? undefined : bundledText(path)
  if (bundled !== undefined) return bundled
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Failure(
      {
        code: 'spec-unreadable',
        message: `cannot read ${path}: ${reasonOf(error)}`,
        help: `give a .wsban file or the name of a model: ${known(path)}`,
        path,
        exit: 2,
      },
      { cause: error },
    )
  }
}

/** The model whose name is near, or all of them. */
function known(path: string): string {
  const names = modelNames()
  const suggestion = nearest(basename(path, extension), names)
  return suggestion ? `did you mean ${suggestion}?` : names.join(', ')
}
