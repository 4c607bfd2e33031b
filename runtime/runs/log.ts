import { appendFile, readFile, stat, truncate } from 'node:fs/promises'
import { z } from 'zod'
import { cannotWrite } from '../failure.js'

export type LogRecord = Readonly<Record<string, unknown>>

/** A run's log.jsonl: a line of JSON for each thing that happened, in order. */
export class RunLog {
  constructor(readonly path: string) {}

  async add(record: LogRecord): Promise<void> {
    try {
      await appendFile(this.path, `${JSON.stringify(record)}\n`)
    } catch (error) {
      throw cannotWrite(this.path, error)
    }
  }

  /** Lines that are whole; a crash may have cut the last one. */
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

  /** Takes off what was written after a checkpoint: those steps are done again. */
  async cutTo(bytes: number): Promise<void> {
    if ((await this.bytes()) > bytes) await truncate(this.path, bytes)
  }
}
