import { spawn } from 'node:child_process'
import type { Reporter } from '../reporter.js'

/** The first Ctrl-C (or a scheduler's SIGTERM) asks to stop after the step under way, the second one ends at once. */
export function listenForInterrupt(reporter: Reporter): { asked: () => boolean; end: () => void } {
  let asked = false
  const listener = () => {
    if (asked) process.exit(130)
    asked = true
    reporter.say('stopping after this step; Ctrl-C again stops at once, and loses what came after the last checkpoint')
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, listener)
  const endWatch = process.stderr.isTTY ? watchTerminal() : () => {}
  return {
    asked: () => asked,
    end: () => {
      for (const signal of signals) process.off(signal, listener)
      endWatch()
    },
  }
}

/**
 * A step does not yield, so this process hears of a Ctrl-C only when the step is over, and a step may take a minute. A terminal tells
 * every process of the job: a shell beside this one counts, and ends it at the second. Where there is no `sh` the step is waited for.
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
