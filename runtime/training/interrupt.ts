import { spawn } from 'node:child_process'
import { currentNativeBackend } from '../engines/native_parts.js'
import type { Reporter } from '../reporter.js'

/** npm passes on the Ctrl-C that the terminal has sent to everybody already: what comes this soon is the same request. */
const sameRequestMilliseconds = 100

/**
 * The first Ctrl-C (or a scheduler's SIGTERM) asks to stop after the step under way, the second one ends at once. A terminal that is closed
 * (SIGHUP) asks to stop, however often: the system and a shell may both tell of it.
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

/** A step does not yield, so JavaScript hears of a signal only when the step is over, and a step may take a minute. Somebody else has to listen. */
function watchForRepeat(): () => void {
  const binding = currentNativeBackend()?.binding
  if (binding?.exitOnRepeatedSignal) {
    binding.exitOnRepeatedSignal(true)
    return () => binding.exitOnRepeatedSignal?.(false)
  }
  return process.stderr.isTTY ? watchTerminal() : () => {}
}

/**
 * A terminal sends Ctrl-C to every process of the job: a shell beside this one counts, and ends it at the second. Where there is no `sh` the
 * step is waited for.
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
