import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import * as z from 'zod'
import { packageRoot } from '../../runtime/package_root.js'

/** The command line's program: what `npm run build` made, or its source where coverage of that is measured (and Node runs TypeScript). */
export const main = join(
  packageRoot(),
  ...(process.env.WSBAN_COVERAGE ? ['cli', 'main.ts'] : ['dist', 'cli', 'main.js']),
)

export interface Result {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** The built command, as a user runs it in a folder. */
export function wsbanIn(folder: string): (...args: readonly string[]) => Result {
  return (...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', cwd: folder })
    return { status, out: stdout, err: stderr }
  }
}

/** Starts the built command, and passes on each chunk of its standard error. `printed` returns its standard output so far. */
export function startWsban(
  folder: string,
  args: readonly string[],
  onText: (text: string, child: ChildProcess) => void = () => {},
  environment: NodeJS.ProcessEnv = process.env,
): {
  child: ChildProcess
  printed: () => string
  ended: Promise<Result & { signal: NodeJS.Signals | null }>
} {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
    onText(text, child)
  })
  const ended = new Promise<Result & { signal: NodeJS.Signals | null }>((settle, fail) => {
    child.on('error', fail)
    child.on('close', (status, signal) => settle({ status, signal, out, err }))
  })
  return { child, printed: () => out, ended }
}

/** The document that `--json` printed. */
export function json(result: Result): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).parse(JSON.parse(result.out))
}
