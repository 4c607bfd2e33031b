/** Where long work tells a person what it is doing. The command line gives one that writes to standard error. */
export interface Reporter {
  /** A line that stays. */
  say(line: string): void
  /** A line that stays and matters: something works, but not as well as it could. */
  warn(line: string): void
  /** The line that keeps changing; each call replaces the one before. In a pipe it becomes an occasional plain line. */
  progress(line: string): void
}

/** For callers without output. */
export const silent: Reporter = { say() {}, warn() {}, progress() {} }
