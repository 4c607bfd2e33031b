import { part } from '../parts.js'
import type { FromWorker, Requests, ToWorker } from './messages.js'

interface Pending {
  readonly settle: (answer: never) => void
  readonly fail: (error: Error) => void
  readonly tell: ((told: never) => void) | undefined
}

/** A worker of the page, started by the first request. */
export class WorkerPart<All extends Requests> {
  private worker: Promise<Worker> | undefined
  private readonly pending = new Map<number, Pending>()
  private next = 0

  constructor(private readonly name: 'runWorker' | 'codeWorker' | 'trainingWorker') {}

  /** @throws Error with the worker's error message, or if it cannot start */
  async ask<Name extends keyof All & string>(
    name: Name,
    request: All[Name]['takes'],
    tell?: (told: All[Name]['tells']) => void,
  ): Promise<All[Name]['answers']> {
    this.worker ??= this.start()
    const worker = await this.worker
    const id = this.next++
    return new Promise((settle, fail) => {
      this.pending.set(id, { settle, fail, tell })
      worker.postMessage({ id, name, request } satisfies ToWorker)
    })
  }

  private async start(): Promise<Worker> {
    const text = await part(this.name)
    const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))
    const worker = new Worker(url)
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.receive(data))
    worker.addEventListener('error', ({ message }) => {
      for (const { fail } of this.pending.values()) fail(new Error(message || `${this.name} did not start`))
      this.pending.clear()
      this.worker = undefined
      worker.terminate()
    })
    return worker
  }

  private receive(message: FromWorker): void {
    const pending = this.pending.get(message.id)
    if (!pending) return
    if ('told' in message) {
      pending.tell?.(message.told as never)
      return
    }
    this.pending.delete(message.id)
    if ('error' in message) pending.fail(new Error(message.error))
    else pending.settle(message.answer as never)
  }
}
