import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Failure } from '../failure.js'
import { type PytorchMessage, pytorchMessage } from './messages.js'

export interface PytorchProcess {
  readonly python: string
  /** Processes of torchrun; one runs without it. */
  readonly processes: number
  /** The program's own folder. */
  readonly folder: string
  /** train.py and what it is given. */
  readonly args: readonly string[]
  /** Threads that each of several processes computes with. */
  readonly threads: number
}

/** The last lines of torchrun and Python, reported when they fail. */
const mostKept = 4000

/**
 * Runs train.py to its end, and gives each message to `hear` in order. Standard input is the leash: closed, by `stop` or because this
 * process is gone, the other one finishes its step, saves and ends. So it lies in a group of its own, where a terminal's Ctrl-C does not reach it.
 *
 * @throws Failure what train.py says is at fault, `pytorch-failed` where it ended otherwise
 */
export async function runPytorch(
  { python, processes, folder, args, threads }: PytorchProcess,
  hear: (message: PytorchMessage) => Promise<void> | void,
  stop: { readonly signal: AbortSignal },
): Promise<void> {
  const torchrun = ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', String(processes)]
  const child = spawn(python, [...(processes > 1 ? torchrun : []), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    // Not the working directory: `python -m` would take modules from there before its own.
    cwd: folder,
    env: {
      ...process.env,
      PYTHONUNBUFFERED: '1',
      ...(processes > 1 && { OMP_NUM_THREADS: process.env.OMP_NUM_THREADS ?? String(threads) }),
    },
  })
  const kill = () => {
    // A group that is gone already cannot be killed, and need not.
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {}
  }
  process.once('exit', kill)
  const end = () => child.stdin.end()
  if (stop.signal.aborted) end()
  stop.signal.addEventListener('abort', end)
  let said = ''
  child.stderr.on('data', (data: Buffer) => {
    said = `${said}${data.toString()}`.slice(-mostKept)
  })
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(code === null ? `signal ${signal}` : `code ${code}`))
  })
  try {
    const result = await listen(createInterface({ input: child.stdout }), hear)
    const how = await ended
    if (result === 'end') return
    throw new Failure({
      code: 'pytorch-failed',
      message: `PyTorch ended with ${how}`,
      details: said.trim() === '' ? [] : said.trim().split('\n'),
      help: 'the last lines say why; the saved checkpoints are intact',
    })
  } finally {
    process.off('exit', kill)
    stop.signal.removeEventListener('abort', end)
    if (child.exitCode === null && child.signalCode === null) kill()
  }
}

/** Whether the last message came. @throws Failure what an error message says */
async function listen(
  lines: AsyncIterable<string>,
  hear: (message: PytorchMessage) => Promise<void> | void,
): Promise<'end' | 'cut'> {
  let failure: Failure | undefined
  let result: 'end' | 'cut' = 'cut'
  for await (const line of lines) {
    const message = decoded(line)
    if (!message) continue
    if (message.kind === 'error') {
      const { code, message: text, help } = message
      failure ??= new Failure({ code, message: text, help })
      continue
    }
    if (message.kind === 'end') result = 'end'
    await hear(message)
  }
  if (failure) throw failure
  return result
}

/** Libraries may print on standard output, too: other lines are ignored. */
function decoded(line: string): PytorchMessage | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const parsed = pytorchMessage.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
