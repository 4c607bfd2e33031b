import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { packageRoot } from '../../runtime/package_root.js'

export interface LineProcessOptions {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** The time limit of a request in milliseconds, after which the process is killed. */
  readonly longest?: number
}

/** An answer, or how the process ended instead of giving one. */
export type Reply = { readonly answer: unknown } | { readonly ended: string }

/** A child process that answers each line of JSON with one, which isolates crashes. */
export class LineProcess {
  private readonly child: ChildProcess
  private readonly ended: Promise<string>
  private readonly lines: AsyncIterator<string>
  private readonly longest: number | undefined

  constructor({ program, args, env, longest }: LineProcessOptions) {
    const child = spawn(program, args, {
      cwd: packageRoot(),
      stdio: ['pipe', 'pipe', 'inherit'],
      ...(env && { env }),
    })
    this.child = child
    this.longest = longest
    this.ended = new Promise((settle) => {
      child.on('error', (error) => settle(error.message))
      child.on('close', (status, signal) => settle(signal ?? `status ${status}`))
    })
    // A write to a process that has just ended fails: its end is what `ask` reports.
    child.stdin.on('error', () => undefined)
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  /** Sends a request and waits for its answer, one at a time. */
  async ask(request: unknown): Promise<Reply> {
    const watch = this.longest === undefined ? undefined : setTimeout(() => this.child.kill('SIGKILL'), this.longest)
    this.child.stdin?.write(`${JSON.stringify(request)}\n`)
    const { done, value } = await this.lines.next()
    clearTimeout(watch)
    return done ? { ended: await this.ended } : { answer: JSON.parse(value) }
  }

  /** Waits until the process has ended by itself, once it has no more requests. */
  async close(): Promise<void> {
    this.child.stdin?.end()
    await this.ended
  }
}
