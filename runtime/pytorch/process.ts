import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Failure } from '../failure.js'
import { type PytorchMessage, pytorchMessage } from './messages.js'

export interface PytorchProcess {
  readonly python: string
  /** The number of processes; torchrun starts them if there are several. */
  readonly processes: number
  /** The folder of the program. */
  readonly folder: string
  /** train.py and its arguments. */
  readonly args: readonly string[]
  /** The number of threads of each process, if there are several. */
  readonly threads: number
}

/** The number of characters of error output that are kept to report a failure. */
const maxErrorOutput = 4000

/**
 * Runs train.py to its end, and passes each message to `onMessage` in order. When its standard input is closed, by `stop` or because this process
 * ended, train.py finishes its step, saves and exits. It runs in a process group of its own, so a terminal's Ctrl-C does not reach it.
 *
 * @throws Failure the error that train.py reports, or `pytorch-failed` if it ended without one
 */
export async function runPytorch(
  { python, processes, folder, args, threads }: PytorchProcess,
  onMessage: (message: PytorchMessage) => Promise<void> | void,
  stop: { readonly signal: AbortSignal },
): Promise<void> {
  const torchrun = ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', String(processes)]
  const child = spawn(python, [...(processes > 1 ? torchrun : []), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    // Not the working directory, as `python -m` would import modules from there first.
    cwd: folder,
    env: {
      ...process.env,
      PYTHONUNBUFFERED: '1',
      ...(processes > 1 && { OMP_NUM_THREADS: process.env.OMP_NUM_THREADS ?? String(threads) }),
    },
  })
  const kill = () => {
    // The group may have ended already.
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {}
  }
  process.once('exit', kill)
  const end = () => child.stdin.end()
  if (stop.signal.aborted) end()
  stop.signal.addEventListener('abort', end)
  let errorOutput = ''
  child.stderr.on('data', (data: Buffer) => {
    errorOutput = `${errorOutput}${data.toString()}`.slice(-maxErrorOutput)
  })
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(code === null ? `signal ${signal}` : `code ${code}`))
  })
  try {
    const result = await readMessages(createInterface({ input: child.stdout }), onMessage)
    const how = await ended
    if (result === 'complete') return
    throw new Failure({
      code: 'pytorch-failed',
      message: `PyTorch ended with ${how}`,
      details: errorOutput.trim() === '' ? [] : errorOutput.trim().split('\n'),
      help: 'the last lines say why; the saved checkpoints are intact',
    })
  } finally {
    process.off('exit', kill)
    stop.signal.removeEventListener('abort', end)
    if (child.exitCode === null && child.signalCode === null) kill()
  }
}

/** Returns whether the final message arrived. @throws Failure the first error message */
async function readMessages(
  lines: AsyncIterable<string>,
  onMessage: (message: PytorchMessage) => Promise<void> | void,
): Promise<'complete' | 'incomplete'> {
  let failure: Failure | undefined
  let result: 'complete' | 'incomplete' = 'incomplete'
  for await (const line of lines) {
    const message = parseMessage(line)
    if (!message) continue
    if (message.kind === 'error') {
      const { code, message: text, help } = message
      failure ??= new Failure({ code, message: text, help })
      continue
    }
    if (message.kind === 'end') result = 'complete'
    await onMessage(message)
  }
  if (failure) throw failure
  return result
}

/** Parses a message. Returns undefined for other lines, which libraries may print to standard output. */
function parseMessage(line: string): PytorchMessage | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const parsed = pytorchMessage.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
