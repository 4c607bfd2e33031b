let outputError: Error | undefined

/**
 * Keeps a reader or a terminal that is gone from ending the process through an error event that nobody handles. What goes to standard error
 * is progress and messages, without which work continues; whether standard output was written whole is asked for at the end.
 */
export function guardStandardStreams(): void {
  process.stdout.on('error', (error) => {
    outputError ??= error
  })
  process.stderr.on('error', () => {})
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
