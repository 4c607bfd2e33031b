import type { Answer } from './answer.js'
import { piecesOf } from './asset_loader.js'
import type { AnswerRequest, DecodedPhoto, FromWorker, Problem, ToWorker, ViewRequest } from './messages.js'
import type { PageSettings } from './settings.js'

export interface Answered {
  readonly answer: Answer
  readonly crop: ImageBitmap | undefined
}

export interface Viewed {
  readonly photo: DecodedPhoto
  readonly crop: ImageBitmap | undefined
}

/** The receivers of the events of a request; each event ends it, except `decoded`. */
export interface Progress {
  decoded?(photo: DecodedPhoto): void
  answered?(found: Answered): void
  viewed?(found: Viewed): void
  failed(problem: Problem): void
}

/** The worker that runs the model. Requests wait until the model is loaded. */
export class ModelWorker {
  private readonly worker: Worker
  private readonly pending = new Map<number, Progress>()
  private next = 0
  private readonly ready: Promise<void>
  private settle: { ready(): void; unready(error: Error): void } = { ready: () => {}, unready: () => {} }

  /** @param text the worker's script; a worker of a page from a disk cannot be loaded from a file */
  constructor(text: string) {
    this.ready = new Promise((ready, unready) => {
      this.settle = { ready, unready }
    })
    const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))
    this.worker = new Worker(url)
    this.worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.receive(data))
    this.worker.addEventListener('error', ({ message }) => this.stop(message || 'the worker did not start'))
  }

  /**
   * Sends the files of the model to the worker, and waits until it has opened them.
   *
   * @param report is called with the share that is loaded
   * @throws Error if a file is missing or damaged, or ONNX Runtime refuses it
   */
  async load(settings: PageSettings, report: (share: number) => void): Promise<void> {
    await Promise.all([this.ready, this.sendFiles(settings, report)])
  }

  private async sendFiles(settings: PageSettings, report: (share: number) => void): Promise<void> {
    const total = settings.runtime.bytes + settings.model.bytes
    let loaded = 0
    for (const of of ['runtime', 'model'] as const) {
      const asset = settings[of]
      for await (const data of piecesOf(asset)) {
        loaded += typeof data === 'string' ? (data.length * 3) / 4 : data.length
        this.send({ kind: 'piece', of, data, total: asset.bytes })
        report(Math.min(1, loaded / total))
      }
    }
    this.send({ kind: 'start', resize: settings.resize })
  }

  answer(photo: Pick<AnswerRequest, 'file' | 'name'>, progress: Progress): void {
    this.send({ kind: 'answer', id: this.register(progress), file: photo.file, name: photo.name })
  }

  view({ file, name, box }: Pick<ViewRequest, 'file' | 'name' | 'box'>, progress: Progress): void {
    this.send({ kind: 'view', id: this.register(progress), file, name, box })
  }

  private register(progress: Progress): number {
    this.pending.set(this.next, progress)
    return this.next++
  }

  private send(message: ToWorker): void {
    this.worker.postMessage(message)
  }

  private receive(message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        this.settle.ready()
        break
      case 'unready':
        this.settle.unready(new Error(message.message))
        break
      case 'decoded':
        this.pending.get(message.id)?.decoded?.(message.photo)
        break
      case 'answered':
        this.ended(message.id)?.answered?.(message)
        break
      case 'viewed':
        this.ended(message.id)?.viewed?.(message)
        break
      case 'failed':
        this.ended(message.id)?.failed(message.problem)
    }
  }

  private ended(id: number): Progress | undefined {
    const progress = this.pending.get(id)
    this.pending.delete(id)
    return progress
  }

  /** A worker that failed outside a request, for example for lack of memory, does not respond any more. */
  private stop(reason: string): void {
    const message = `The model stopped: ${reason}. Reload the page.`
    this.settle.unready(new Error(reason))
    for (const progress of this.pending.values()) progress.failed({ code: 'model-failed', message })
    this.pending.clear()
  }
}
