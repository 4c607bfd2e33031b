import { spawn } from 'node:child_process'
import { currentNativeBackend } from '../engines/native_parts.js'
import type { Reporter } from '../reporter.js'

/** npm forwards the Ctrl-C that the terminal has already sent to the whole process group: a signal this soon after is the same request. */
const sameRequestMilliseconds = 100

/**
 * The first Ctrl-C (or a scheduler's SIGTERM) requests a stop after the current step, the second one exits at once. A closed terminal (SIGHUP)
 * requests a stop, even repeatedly: both the system and a shell may send it.
 */
export function listenForInterrupt(reporter: Reporter): { asked: () => boolean; end: () => void } {
  let askedAt: number | undefined
  const ask = () => {
    if (askedAt === undefined)
      reporter.say(
        'stopping after this step; Ctrl-C again stops at once, and loses what came after the last checkpoint',
      )
    askedAt ??= performance.now()
  }
  const askOrExit = () => {
    if (askedAt !== undefined && performance.now() - askedAt > sameRequestMilliseconds) process.exit(130)
    ask()
  }
  const listeners = { SIGINT: askOrExit, SIGTERM: askOrExit, SIGHUP: ask } as const
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, listeners[signal])
  const endWatch = watchForRepeat()
  return {
    asked: () => askedAt !== undefined,
    end: () => {
      endWatch()
      for (const signal of signals) process.off(signal, listeners[signal])
    },
  }
}

/**
 * A step does not yield to the event loop, so a signal handler runs only after the step, which may take a minute. A separate process therefore
 * watches for the second signal.
 */
function watchForRepeat(): () => void {
  const binding = currentNativeBackend()?.binding
  if (binding?.exitOnRepeatedSignal) {
    binding.exitOnRepeatedSignal(true)
    return () => binding.exitOnRepeatedSignal?.(false)
  }
  return process.stderr.isTTY ? watchTerminal() : () => {}
}

/**
 * A terminal sends Ctrl-C to every process of the job: a shell counts them, and kills this process at the second. Without `sh`, the step is completed
 * first.
 */
export function watchTerminal(): () => void {
  const script = `trap 'count=$((count + 1)); [ $count -lt 2 ] || kill -KILL ${process.pid}' INT
count=0
while kill -0 ${process.pid} 2>/dev/null; do sleep 1; done`
  const watch = spawn('sh', ['-c', script], { stdio: 'ignore' })
  watch.on('error', () => {})
  watch.unref()
  return () => watch.kill('SIGKILL')
}
