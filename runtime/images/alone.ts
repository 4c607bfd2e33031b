/** Runs tasks concurrently, except for exclusive ones, which run alone (a readers-writer lock). */
export class Turns {
  private readonly running = new Set<Promise<unknown>>()
  private exclusive: Promise<unknown> = Promise.resolve()

  /** Runs the task concurrently with others, after all pending exclusive ones. */
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

  /** Runs the task exclusively: after all running ones, and before all later ones. */
  alone<Result>(task: () => Promise<Result>): Promise<Result> {
    const turn = this.exclusive.then(async () => {
      await Promise.allSettled(this.running)
      return task()
    })
    this.exclusive = turn.catch(() => {})
    return turn
  }
}
