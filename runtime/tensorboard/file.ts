import { appendFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { cannotWrite } from '../failure.js'
import { makeFolder } from '../files.js'
import { type Event, eventRecord } from './event.js'

/** A file of scalars for TensorBoard. It is created with the first of them; each resumed training has its own. */
export class EventFile {
  private path: string | undefined

  /** @param folder what `tensorboard --logdir` is given @param from the step after which this file begins */
  constructor(
    private readonly folder: string,
    private readonly from: number,
  ) {}

  async add(step: number, scalars: Readonly<Record<string, number>>): Promise<void> {
    const wallTime = Date.now() / 1000
    const first: Event[] = this.path
      ? []
      : [
          { wallTime, step: 0, fileVersion: 'brain.Event:2' },
          { wallTime, step: this.from + 1, started: true },
        ]
    this.path ??= join(this.folder, `events.out.tfevents.${Math.floor(wallTime)}.${hostname()}.${process.pid}`)
    try {
      await makeFolder(this.folder)
      await appendFile(this.path, Buffer.concat([...first, { wallTime, step, scalars }].map(eventRecord)))
    } catch (error) {
      throw cannotWrite(this.path, error)
    }
  }
}
