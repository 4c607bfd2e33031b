import type { Diagnostic } from '../compiler/diagnostics/diagnostic.js'
import { type Palette, plain, render } from '../compiler/diagnostics/render.js'
import { safeJson, safeLine, safeText } from '../compiler/diagnostics/safe_text.js'
import type { Problem } from '../runtime/failure.js'
import type { Reporter } from '../runtime/reporter.js'
import { standardOutputError } from '../runtime/standard_streams.js'
import { atTerminal } from './prompts.js'

/** Standard output was closed, so computing further output is useless. The reason is reported at exit. */
export class OutputClosed extends Error {}

/** Flags that every command has. */
export interface CommonOptions {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
}

const paint = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`
const colours: Palette = { error: paint(31), warning: paint(33), quiet: paint(34), strong: paint(1) }

function coloured(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR
}

/** The maximum number of diagnostics shown to a person. */
const mostShown = 200

/** Results go to standard output, all other messages to standard error. */
export class Io {
  private line = ''
  private lastPlainProgress = performance.now()

  /** @param receive takes the document of `--json`, for a command that is a step of another one */
  constructor(
    private readonly options: CommonOptions = {},
    private readonly receive?: (document: unknown) => void,
  ) {}

  /** Returns the Io for a step that is itself a command: it prints its progress, but no JSON document and no next step. */
  step(receive: (document: unknown) => void = () => {}): Io {
    return new Io(this.options, receive)
  }

  /** Whether a user can answer questions: at a terminal, and without --json. */
  canAsk(): boolean {
    return !this.options.json && atTerminal()
  }

  /** The command to run next. */
  next(command: string): void {
    if (!this.receive) this.print(`next: ${command}`)
  }

  /** Prints a line of a result for people: not with --quiet, nor with --json, where only the document goes to standard output. */
  print(line: string): void {
    this.printSafe(safeLine(line))
  }

  /** Prints several lines of a result. Untrusted text in it has to be escaped by `safeLine`. */
  printText(text: string): void {
    this.printSafe(safeText(text))
  }

  private printSafe(text: string): void {
    if (this.options.json || this.options.quiet) return
    this.clear()
    this.output(`${text}\n`)
  }

  /** Writes a result that is itself a text or a file's content, unchanged if it goes to a file or another program. */
  write(text: string): void {
    if (!this.options.json) this.output(process.stdout.isTTY ? safeText(text) : text)
  }

  json(value: unknown): void {
    if (this.receive) this.receive(value)
    else if (this.options.json) this.output(`${safeJson(JSON.stringify(value, undefined, 2))}\n`)
  }

  readonly reporter: Reporter = {
    say: (line) => {
      if (!this.options.quiet) this.error(safeLine(line))
    },
    warn: (line) => this.error(this.palette.warning(safeLine(line))),
    progress: (line) => this.progress(safeLine(line)),
  }

  get palette(): Palette {
    return coloured(process.stderr) ? colours : plain
  }

  diagnostics(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>): void {
    for (const diagnostic of diagnostics.slice(0, mostShown))
      this.error(render(diagnostic, (source) => texts.get(source), this.palette))
    const more = diagnostics.length - mostShown
    if (more > 0) this.error(`and ${more} more; --json lists all of them\n`)
  }

  /** `cause` is the underlying error, which --verbose shows. */
  problem({ code, message, details = [], help }: Problem, cause?: unknown): void {
    const { error, strong } = this.palette
    this.error(`${error(`error[${safeLine(code)}]`)}${strong(`: ${safeLine(message)}`)}`)
    for (const line of details) this.error(safeLine(line))
    if (help) this.error(`  ${strong('help')}: ${safeLine(help)}`)
    if (this.options.verbose && cause instanceof Error) this.error(safeText(cause.stack ?? cause.message))
    this.json({ ok: false, error: { code, message: [message, ...details].join('\n'), help } })
  }

  /** For machines, in a format that is not JSON. */
  machineLine(text: string): void {
    this.output(`${text}\n`)
  }

  private output(text: string): void {
    if (standardOutputError()) throw new OutputClosed()
    process.stdout.write(text)
  }

  /** Its input has been escaped. */
  private error(line: string): void {
    this.clear()
    process.stderr.write(`${line}\n`)
  }

  /** Shows one line that is overwritten at a terminal; in a pipe, one every ten seconds. */
  private progress(line: string): void {
    if (this.options.quiet) return
    if (process.stderr.isTTY && !process.env.NO_COLOR) {
      this.clear()
      this.line = line.slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1))
      process.stderr.write(this.line)
      return
    }
    const now = performance.now()
    if (now - this.lastPlainProgress < 10_000) return
    this.lastPlainProgress = now
    process.stderr.write(`${line}\n`)
  }

  private clear(): void {
    if (this.line === '') return
    process.stderr.write('\r\u001b[K')
    this.line = ''
  }
}
