import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import { isatty } from 'node:tty'

let outputError: Error | undefined

/**
 * Keeps a reader or a terminal that is gone from ending the process through an unhandled error event. What goes to standard error
 * is progress and messages, without which work continues; whether standard output was written whole is asked for at the end.
 */
export function guardStandardStreams(): void {
  process.stdout.on('error', (error) => {
    outputError ??= error
  })
  process.stderr.on('error', () => {})
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor))
  if (terminals.length > 0) process.on('exit', () => leaveLostTerminals(terminals))
}

/**
 * At its end Node gives terminals back their settings, and aborts with a core dump when one of them is gone (a closed window, a lost
 * connection). What was opened in its place is left alone.
 */
function leaveLostTerminals(terminals: readonly number[]): void {
  for (const descriptor of terminals) {
    if (isatty(descriptor)) continue
    closeSync(descriptor)
    openSync(devNull, 'r+')
  }
}

/** Why standard output could not be written, once that has been noticed. */
export function standardOutputError(): Error | undefined {
  return outputError
}

/** Waits until all that was written to standard output is taken. Returns why it could not be. */
export async function flushStandardOutput(): Promise<Error | undefined> {
  const error = await new Promise<Error | null | undefined>((resolve) => process.stdout.write('', resolve))
  return outputError ?? error ?? undefined
}
