import { constants } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import * as z from 'zod'
import { cannotWrite } from '../failure.js'

export type LogRecord = Readonly<Record<string, unknown>>

/** Does not open a link in place of the log. Windows has no such flag. */
const noFollow = constants.O_NOFOLLOW ?? 0

/** A run's log.jsonl: one line of JSON per event, in order. */
export class RunLog {
  constructor(readonly path: string) {}

  async add(record: LogRecord): Promise<void> {
    try {
      const file = await open(this.path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | noFollow)
      try {
        await file.writeFile(`${JSON.stringify(record)}\n`)
      } finally {
        await file.close()
      }
    } catch (error) {
      throw cannotWrite(this.path, error)
    }
  }

  /** Returns the complete records; a crash may have truncated the last one. */
  async read(): Promise<LogRecord[]> {
    const text = await readFile(this.path, 'utf8').catch(() => '')
    return text.split('\n').flatMap((line) => {
      try {
        return [z.record(z.string(), z.unknown()).parse(JSON.parse(line))]
      } catch {
        return []
      }
    })
  }

  async bytes(): Promise<number> {
    return stat(this.path).then(
      ({ size }) => size,
      () => 0,
    )
  }

  /** Truncates the log to its length at a checkpoint: later steps are repeated. */
  async cutTo(bytes: number): Promise<void> {
    if ((await this.bytes()) <= bytes) return
    try {
      const file = await open(this.path, constants.O_WRONLY | noFollow)
      try {
        await file.truncate(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
    } catch (error) {
      throw cannotWrite(this.path, error)
    }
  }
}
