import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { nearest } from '../../compiler/diagnostics/suggest.js'
import { Failure, reasonOf } from '../failure.js'
import { standardFolder } from './library.js'

const extension = '.wsban'

/** Names of the models that come with wsban. */
export function modelNames(): string[] {
  return readdirSync(standardFolder())
    .filter((name) => name.endsWith(extension))
    .map((name) => basename(name, extension))
}

/** Returns the path of a spec that is given as a file or as the name of a model that comes with wsban. A file of that name wins. */
export function specFile(given: string): string {
  return !existsSync(given) && modelNames().includes(given) ? join(standardFolder(), `${given}${extension}`) : given
}

/** Returns the text of a spec file. @throws Failure `spec-unreadable` */
export function readSpec(path: string): string {
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
