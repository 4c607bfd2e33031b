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

/** The operating system's errors in plain words, to follow a message that names the path. */
const systemReasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file or folder'],
  ['EISDIR', 'it is a folder, not a file'],
  ['ENOTDIR', 'it is not a folder, or lies below a file'],
  ['EEXIST', 'it exists already'],
  ['ENOTEMPTY', 'the folder is not empty'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'no space is left on the disk'],
  ['EDQUOT', 'your share of the disk is used up'],
  ['EFBIG', 'the file is too large'],
  ['ENAMETOOLONG', 'the name is too long'],
  ['ELOOP', 'links lead to each other in a circle'],
  ['EBUSY', 'another program uses it'],
  ['EMFILE', 'this process has too many open files'],
  ['ENFILE', 'the machine has too many open files'],
  ['EIO', 'the disk or the terminal fails'],
  ['ENOMEM', 'the machine has no memory left'],
  ['EAGAIN', 'the machine starts no more processes or threads'],
])

/** The text of whatever was thrown; plain words for the usual errors of the operating system. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  return systemReasons.get(codeOf(thrown) ?? '') ?? thrown.message
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Errors of the machine, its settings or a path, wherever they come up: neither a bug nor a fault of a file's content. */
const refusals: ReadonlyMap<string, string> = new Map([
  ['EMFILE', 'raise the limit (ulimit -n 1024)'],
  ['ENFILE', 'end other programs, or raise its limit'],
  ['ENOSPC', 'free some space'],
  ['EDQUOT', 'free some space'],
  ['EROFS', 'choose a place that can be written'],
  ['EACCES', 'check your rights to the file and the folders above it'],
  ['EPERM', 'check your rights to the file and the folders above it'],
  ['ENAMETOOLONG', 'choose a shorter name'],
  ['ELOOP', 'remove one of the links'],
  ['EIO', 'check the machine'],
  ['ENOMEM', 'end other programs'],
  ['EAGAIN', 'end other programs, or raise the limit (ulimit -u)'],
  ['EISDIR', 'check the path'],
  ['ENOTDIR', 'check the path'],
  ['EEXIST', 'choose another path'],
])

/** An error of the operating system as a problem with a next step; undefined for all others, such as a file that is not there. */
export function systemFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined
  const help = refusals.get(codeOf(error) ?? '')
  if (help === undefined) return undefined
  const place = 'path' in error && typeof error.path === 'string' ? `${error.path}: ` : ''
  return new Failure({ code: 'system-refused', message: `${place}${reasonOf(error)}`, help }, { cause: error })
}

/** Whether no file could be opened just now, whichever it was. */
export function isOutOfFiles(error: unknown): boolean {
  return error instanceof Error && ['EMFILE', 'ENFILE'].includes(codeOf(error) ?? '')
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
