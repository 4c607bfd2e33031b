import type { Diagnostic } from '../compiler/diagnostics/diagnostic.js'
import { type Palette, plain, render } from '../compiler/diagnostics/render.js'
import { safeJson, safeLine, safeText } from '../compiler/diagnostics/safe_text.js'
import type { Problem } from '../runtime/failure.js'
import type { Reporter } from '../runtime/reporter.js'
import { standardOutputError } from '../runtime/standard_streams.js'
import { atTerminal } from './prompts.js'

/** Standard output takes no more, so there is no use in computing what would go there. The end of the program reports why. */
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

/** Diagnostics that a person is shown at once. */
const mostShown = 200

/** Results go to standard output, all that is said on the way to standard error. */
export class Io {
  private line = ''
  private lastPlainProgress = performance.now()

  /** @param receive takes the document of `--json`, for a command that is a step of another one */
  constructor(
    private readonly options: CommonOptions = {},
    private readonly receive?: (document: unknown) => void,
  ) {}

  /** For a step of this command, which is a command itself: it says what it does, but has no document and no next step of its own. */
  step(receive: (document: unknown) => void = () => {}): Io {
    return new Io(this.options, receive)
  }

  /** Whether there is a person to answer questions: at a terminal, and without --json, which programs give. */
  canAsk(): boolean {
    return !this.options.json && atTerminal()
  }

  /** The command to run next. */
  next(command: string): void {
    if (!this.receive) this.print(`next: ${command}`)
  }

  /** A line of a result for people: not with --quiet; with --json nothing but the document goes to standard output. */
  print(line: string): void {
    this.printSafe(safeLine(line))
  }

  /** Several lines of a result. Whatever comes from outside has to be made safe by `safeLine` for its line ends. */
  printText(text: string): void {
    this.printSafe(safeText(text))
  }

  private printSafe(text: string): void {
    if (this.options.json || this.options.quiet) return
    this.clear()
    this.output(`${text}\n`)
  }

  /** A result that is itself a text or a file's content: to a file or another program as it is. */
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

  /** `cause` is what lies behind the problem; --verbose shows it. */
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

  /** One line that is written over at a terminal; in a pipe one every ten seconds. */
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
