import { spawn } from 'node:child_process'
import { reasonOf } from '../../failure.js'
import { packageRoot } from '../../package-root.js'

export interface RunResult {
  /** The exit code; null when it could not be started or a signal ended it. */
  readonly status: number | null
  /** Whether the program is not there at all. */
  readonly missing: boolean
  /** Whether it was ended for having taken too long. */
  readonly timedOut: boolean
  readonly output: string
  readonly errors: string
  /** One line on why it failed: the last telling line it printed, or how it ended. */
  readonly summary: string
}

export interface RunOptions {
  readonly folder?: string
  readonly environment?: NodeJS.ProcessEnv
  readonly timeoutSeconds?: number
}

/** Runs a program to its end with arguments that no shell reads. Never throws: not being there is a result, too. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((settle) => {
    let output = ''
    let errors = ''
    let timedOut = false
    const end = (status: number | null, missing: boolean, how: string) =>
      settle({ status, missing, timedOut, output, errors, summary: telling(errors) ?? telling(output) ?? how })
    try {
      const child = spawn(program, args, {
        // Not the working directory: Python would take modules from there before its own.
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
              // A program that it started may hold them open.
              child.stdout.destroy()
              child.stderr.destroy()
            }, options.timeoutSeconds * 1000)
      // Bounded: a compiler in trouble prints without end.
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-200_000)
      })
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        errors = (errors + text).slice(-200_000)
      })
      child.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(deadline)
        end(null, error.code === 'ENOENT', reasonOf(error))
      })
      child.on('close', (status, signal) => {
        clearTimeout(deadline)
        end(
          status,
          false,
          signal === null ? `${program} ended with code ${status}` : `${program} was ended by ${signal}`,
        )
      })
    } catch (error) {
      end(null, false, reasonOf(error))
    }
  })
}

/** The first line that says error, else the last line. */
function telling(text: string): string | undefined {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.find((line) => /\berror\b|cannot|not found|no such/i.test(line)) ?? lines.at(-1)
}
