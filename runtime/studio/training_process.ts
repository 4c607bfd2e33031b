import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import * as z from 'zod'
import { parsedJson } from '../parsed_json.js'

/** The document of `wsban train --json` for a failure. */
const failed = z.object({
  ok: z.literal(false),
  interrupted: z.boolean().optional(),
  error: z.object({ message: z.string(), help: z.string().optional() }).optional(),
})

/** A child process that trains. */
export class TrainingProcess {
  /** Its last progress line. */
  said: string | undefined
  /** The error message, if it failed. */
  problem: string | undefined
  running = true
  stopping = false
  readonly ended: Promise<void>
  private readonly child: ChildProcess

  /**
   * @param command the program and its first arguments
   * @param args of `wsban train`
   * @param onLine receives each progress line
   */
  constructor(command: readonly string[], args: readonly string[], onLine: (line: string) => void) {
    const [program = '', ...first] = command
    // In a process group of its own: Ctrl-C reaches this process only, which forwards it once.
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
