/** What went wrong outside the compiler (a file, a picture, an engine, a flag), and what to do about it. */
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
