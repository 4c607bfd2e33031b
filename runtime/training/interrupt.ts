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
  return {
    asked: () => asked,
    end: () => {
      for (const signal of signals) process.off(signal, listener)
    },
  }
}
