/** Tasks that run side by side, and between them some that need to be the only one. */
export class Turns {
  private readonly running = new Set<Promise<unknown>>()
  private exclusive: Promise<unknown> = Promise.resolve()

  /** Runs the task beside others, after those that run alone. */
  async beside<Result>(task: () => Promise<Result>): Promise<Result> {
    for (let waited: unknown; waited !== this.exclusive; ) {
      waited = this.exclusive
      await this.exclusive
    }
    const running = task()
    this.running.add(running)
    try {
      return await running
    } finally {
      this.running.delete(running)
    }
  }

  /** Runs the task when all others have ended; what comes meanwhile waits for it. */
  alone<Result>(task: () => Promise<Result>): Promise<Result> {
    const turn = this.exclusive.then(async () => {
      await Promise.allSettled(this.running)
      return task()
    })
    this.exclusive = turn.catch(() => {})
    return turn
  }
}
