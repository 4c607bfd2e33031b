import type { Worker } from 'node:worker_threads'
import { Failure, type Problem, reasonOf } from '../failure.js'
import { startThread } from '../thread.js'
import type { Job, Prepared } from './prepare.js'

export interface ToWorker {
  readonly id: number
  readonly job: Job
}

export type FromWorker =
  | { readonly id: number; readonly prepared: Prepared }
  | { readonly id: number; readonly problem: Problem }
  | { readonly id: number; readonly error: unknown }

interface Pending {
  readonly member: Member
  resolve(prepared: Prepared): void
  reject(error: unknown): void
}

interface Member {
  readonly worker: Worker
  pending: number
}

/**
 * Threads that preprocess images during training. A path is always sent to the same thread, which may have it cached. They keep the process alive
 * only while an image is awaited.
 */
export class WorkerPool {
  private readonly members: readonly Member[]
  private readonly pending = new Map<number, Pending>()
  private lost: Failure | undefined
  private closed = false
  private next = 0

  /** @param cacheBytes the limit of decoded images in all threads together, in bytes */
  constructor(count: number, cacheBytes: number, start: (cacheBytes: number) => Worker = startWorker) {
    this.members = Array.from({ length: count }, () => this.join(start(Math.floor(cacheBytes / count))))
  }

  /** @throws Failure what `Preparer.prepare` throws, or `data-worker-lost` when a thread ended */
  prepare(job: Job): Promise<Prepared> {
    const member = this.members[hashOf(job.path) % this.members.length]
    return new Promise((resolve, reject) => {
      if (this.lost || !member) return reject(this.lost ?? new Error('no worker is left'))
      const id = this.next++
      this.pending.set(id, { member, resolve, reject })
      if (member.pending++ === 0) member.worker.ref()
      member.worker.postMessage({ id, job } satisfies ToWorker)
    })
  }

  async close(): Promise<void> {
    this.closed = true
    this.fail('it was closed')
    await Promise.all(this.members.map(({ worker }) => worker.terminate()))
  }

  private join(worker: Worker): Member {
    worker.unref()
    worker.on('message', (message: FromWorker) => this.receive(message))
    worker.on('error', (error) => this.fail(reasonOf(error)))
    worker.on('exit', (code) => {
      if (!this.closed) this.fail(`it ended with code ${code}`)
    })
    return { worker, pending: 0 }
  }

  private receive(message: FromWorker): void {
    const pending = this.pending.get(message.id)
    if (!pending) return
    this.pending.delete(message.id)
    if (--pending.member.pending === 0) pending.member.worker.unref()
    if ('prepared' in message) pending.resolve(message.prepared)
    else pending.reject('problem' in message ? new Failure(message.problem) : message.error)
  }

  /** Rejects the waiting jobs and all later ones. */
  private fail(reason: string): void {
    this.lost ??= new Failure({
      code: 'data-worker-lost',
      message: `a thread that prepares images ended unexpectedly: ${reason}`,
      help: 'continue with --resume; --workers 0 prepares images without threads, more slowly',
    })
    for (const { reject } of this.pending.values()) reject(this.lost)
    this.pending.clear()
  }
}

function startWorker(cacheBytes: number): Worker {
  return startThread('data/worker', cacheBytes)
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
