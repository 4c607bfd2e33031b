/** The user cancelled a question with Ctrl-C. */
export class Cancelled extends Error {}

/** Whether standard input and standard error are terminals. */
export function atTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

export interface Choice<T extends string> {
  readonly value: T
  readonly label: string
  readonly hint?: string
}

/** Lets the user choose with the arrow keys. @throws Cancelled */
export async function select<T extends string>(message: string, choices: readonly Choice<T>[]): Promise<T> {
  const clack = await import('@clack/prompts')
  const options = choices.map(({ value, label, hint }) => ({ value: value as string, label, ...(hint && { hint }) }))
  const given = await clack.select({ message, options, output: process.stderr })
  const chosen = choices.find(({ value }) => value === given)
  if (!chosen) throw new Cancelled()
  return chosen.value
}

/** @param problem returns the problem with an answer, which is then asked for again @throws Cancelled */
export async function ask(message: string, { placeholder, initial, problem }: AskOptions = {}): Promise<string> {
  const clack = await import('@clack/prompts')
  const given = await clack.text({
    message,
    output: process.stderr,
    ...(placeholder !== undefined && { placeholder }),
    ...(initial !== undefined && { initialValue: initial }),
    ...(problem && { validate: (value) => problem(value ?? '') }),
  })
  if (typeof given !== 'string') throw new Cancelled()
  return given
}

interface AskOptions {
  readonly placeholder?: string
  readonly initial?: string
  readonly problem?: (answer: string) => string | undefined
}
