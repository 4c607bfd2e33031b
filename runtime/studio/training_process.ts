import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import * as z from 'zod'
import { parsedJson } from '../parsed_json.js'

/** The document of `wsban train --json` where it did not end well. */
const failed = z.object({
  ok: z.literal(false),
  interrupted: z.boolean().optional(),
  error: z.object({ message: z.string(), help: z.string().optional() }).optional(),
})

/** Training in a process of its own, which this one can stop. */
export class TrainingProcess {
  /** Its last line for people. */
  said: string | undefined
  /** Why it ended, if it failed. */
  problem: string | undefined
  running = true
  stopping = false
  readonly ended: Promise<void>
  private readonly child: ChildProcess

  /**
   * @param command the program and its first arguments
   * @param args of `wsban train`
   * @param onLine is given each line that it says
   */
  constructor(command: readonly string[], args: readonly string[], onLine: (line: string) => void) {
    const [program = '', ...first] = command
    // In a group of its own: Ctrl-C at the terminal reaches this process, which asks once.
    this.child = spawn(program, [...first, 'train', ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    })
    let document = ''
    this.child.stdout?.on('data', (text: Buffer) => {
      document += text.toString('utf8')
    })
    if (this.child.stderr)
      createInterface({ input: this.child.stderr }).on('line', (line) => {
        this.said = line
        onLine(line)
      })
    this.ended = new Promise((settle) => {
      this.child.once('error', (error) => this.end(error.message, settle))
      this.child.once('close', (code, signal) => this.end(problemOf(document, code, signal), settle))
    })
  }

  /** Asks it to stop after the step under way, with a checkpoint. */
  stop(): void {
    if (!this.running || this.stopping) return
    this.stopping = true
    this.child.kill('SIGINT')
  }

  private end(problem: string | undefined, settle: () => void): void {
    this.running = false
    this.problem = problem
    settle()
  }
}

function problemOf(document: string, code: number | null, signal: string | null): string | undefined {
  const found = failed.safeParse(parsedJson(document)).data
  if (found?.error) return [found.error.message, found.error.help].filter(Boolean).join('; ')
  if (code === 0 || found?.interrupted) return undefined
  return `training ended with ${signal ?? `exit code ${code}`}`
}
