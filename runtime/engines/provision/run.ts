import { spawn } from 'node:child_process'
import { reasonOf } from '../../failure.js'
import { packageRoot } from '../../package_root.js'

export interface RunResult {
  /** The exit code; null if the program could not be started or was ended by a signal. */
  readonly status: number | null
  /** Whether the program does not exist. */
  readonly missing: boolean
  /** Whether it is there and may not be run. */
  readonly forbidden: boolean
  /** Whether the program was killed at the time limit. */
  readonly timedOut: boolean
  readonly output: string
  readonly errors: string
  /** One line that explains a failure: an informative line of the output, or how the program ended. */
  readonly summary: string
}

export interface RunOptions {
  readonly folder?: string
  readonly environment?: NodeJS.ProcessEnv
  readonly timeoutSeconds?: number
}

/** Runs a program without a shell, and waits for its end. Never rejects: a missing program is a result as well. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    let output = ''
    let errors = ''
    let timedOut = false
    const end = (status: number | null, code: string | undefined, how: string) =>
      resolve({
        status,
        missing: code === 'ENOENT',
        forbidden: code === 'EACCES',
        timedOut,
        output,
        errors,
        summary: informativeLine(errors) ?? informativeLine(output) ?? how,
      })
    try {
      const child = spawn(program, args, {
        // Not the working directory, as Python would import modules from there first.
        cwd: options.folder ?? packageRoot(),
        env: options.environment ?? process.env,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const deadline =
        options.timeoutSeconds === undefined
          ? undefined
          : setTimeout(() => {
              timedOut = true
              child.kill('SIGKILL')
              // A child of the program may keep its output open.
              child.stdout.destroy()
              child.stderr.destroy()
            }, options.timeoutSeconds * 1000)
      // Bounded, as a failing compiler may print a lot.
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-200_000)
      })
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        errors = (errors + text).slice(-200_000)
      })
      child.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(deadline)
        end(null, error.code, reasonOf(error))
      })
      child.on('close', (status, signal) => {
        clearTimeout(deadline)
        end(
          status,
          undefined,
          signal === null ? `${program} ended with code ${status}` : `${program} was ended by ${signal}`,
        )
      })
    } catch (error) {
      end(null, undefined, reasonOf(error))
    }
  })
}

/** Returns the first line that mentions an error, otherwise the last line. */
function informativeLine(text: string): string | undefined {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.find((line) => /\berror\b|cannot|not found|no such/i.test(line)) ?? lines.at(-1)
}
