/** A problem outside the compiler (a file, an image, an engine, a flag), and what to do about it. */
export interface Problem {
  /** A stable name, such as `image-unreadable`. */
  readonly code: string
  /** One sentence with the actual values. */
  readonly message: string
  /** More lines below the sentence: a table of what fits, the last that another program said. */
  readonly details?: readonly string[]
  /** The next step. */
  readonly help?: string
  /** The file or folder at fault. */
  readonly path?: string
  /** 1: the model, the data or a check is at fault. 2: wrong usage. */
  readonly exit?: 1 | 2
}

/** A problem on its way to the command line, which prints it and ends with its exit code. Anything else that is thrown is our bug. */
export class Failure extends Error {
  readonly problem: Problem

  constructor(problem: Problem, options?: ErrorOptions) {
    super([problem.message, ...(problem.details ?? [])].join('\n'), options)
    this.name = 'Failure'
    this.problem = problem
  }
}

/** The text of whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** Errors of the machine or its settings, wherever they come up: neither a bug nor a fault of a file. */
const refusals: ReadonlyMap<string, string> = new Map([
  ['EMFILE', 'this process may open too few files: raise the limit (ulimit -n 1024)'],
  ['ENFILE', 'the machine has too many open files: end other programs, or raise its limit'],
  ['ENOSPC', 'free some space'],
  ['EDQUOT', 'free some space: your share of the disk is used up'],
  ['EROFS', 'choose a place that can be written'],
  ['EACCES', 'check your rights to the file and the folders above it'],
  ['EPERM', 'check your rights to the file and the folders above it'],
  ['ENAMETOOLONG', 'choose a shorter name'],
  ['ELOOP', 'links lead to each other in a circle: remove one'],
  ['EIO', 'the disk or the terminal fails: check the machine'],
  ['ENOMEM', 'the machine has no memory left: end other programs'],
  ['EAGAIN', 'the machine starts no more processes or threads: end other programs, or raise the limit (ulimit -u)'],
])

/** An error of the operating system as a problem with a next step; undefined for all others, such as a file that is not there. */
export function systemFailure(error: unknown): Failure | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const help = typeof code === 'string' ? refusals.get(code) : undefined
  if (help === undefined) return undefined
  return new Failure({ code: 'system-refused', message: reasonOf(error), help }, { cause: error })
}

/** Whether no file could be opened just now, whichever it was. */
export function isOutOfFiles(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE')
}

/** For a file of a run that could not be written. */
export function cannotWrite(path: string, cause: unknown): Failure {
  return new Failure(
    {
      code: 'cannot-write',
      message: `cannot write ${path}: ${reasonOf(cause)}`,
      help: 'free some space, or make the folder writable',
      path,
    },
    { cause },
  )
}
