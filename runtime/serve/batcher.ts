import type { Outputs } from '../inference/answer.js'
import { concatenated, type InputTensor } from './tensors.js'

export interface BatchLimits {
  /** The maximum number of rows of a batch. */
  readonly batch: number
  /** How long the first tensor of a batch waits for others, in milliseconds. */
  readonly wait: number
  /** The maximum number of elements of a batch of several tensors: memory for large images is allocated for the whole batch. */
  readonly elements: number
}

interface Waiting {
  readonly tensor: InputTensor
  readonly rows: number
  /** Tensors with the same key fit into one batch. */
  readonly key: string
  readonly since: number
  readonly settle: (outputs: Outputs) => void
  readonly fail: (error: unknown) => void
}

/**
 * Collects tensors of one shape into batches. One batch runs at a time while the next one is collected. Tensors are taken in order of arrival, so
 * that none waits forever behind those of another shape.
 */
export class Batcher {
  private waiting: Waiting[] = []
  private running = false
  private timer: NodeJS.Timeout | undefined

  /** @param onBatch receives the number of rows of each batch that runs */
  constructor(
    private readonly run: (tensor: InputTensor) => Promise<Outputs>,
    private readonly limits: BatchLimits,
    private readonly onBatch: (rows: number) => void = () => {},
  ) {}

  /** How many tensors wait. */
  get length(): number {
    return this.waiting.length
  }

  /**
   * Returns the outputs of the tensor's own rows.
   *
   * @param signal takes it out of the queue, and rejects with its reason
   */
  submit(tensor: InputTensor, signal: AbortSignal): Promise<Outputs> {
    if (signal.aborted) return Promise.reject(signal.reason)
    return new Promise<Outputs>((settle, fail) => {
      const item: Waiting = {
        tensor,
        rows: tensor.shape[0] ?? 0,
        key: tensor.shape.slice(1).join('x'),
        since: performance.now(),
        settle: (outputs) => {
          signal.removeEventListener('abort', giveUp)
          settle(outputs)
        },
        fail: (error) => {
          signal.removeEventListener('abort', giveUp)
          fail(error)
        },
      }
      const giveUp = () => {
        this.waiting = this.waiting.filter((other) => other !== item)
        item.fail(signal.reason)
      }
      signal.addEventListener('abort', giveUp)
      this.waiting.push(item)
      this.next()
    })
  }

  private next(): void {
    clearTimeout(this.timer)
    const [first] = this.waiting
    if (this.running || !first) return
    const batch = this.batchOf(first)
    const rest = first.since + this.limits.wait - performance.now()
    const isFull = rowsOf(batch) >= this.limits.batch || this.waiting.some(({ key }) => key !== first.key)
    if (!isFull && rest > 0) {
      this.timer = setTimeout(() => this.next(), Math.ceil(rest))
      return
    }
    this.waiting = this.waiting.filter((item) => !batch.includes(item))
    this.running = true
    this.runBatch(batch)
      .catch((error: unknown) => {
        for (const { fail } of batch) fail(error)
      })
      .finally(() => {
        this.running = false
        this.next()
      })
  }

  private batchOf(first: Waiting): Waiting[] {
    const batch: Waiting[] = []
    let [rows, elements] = [0, 0]
    for (const item of this.waiting) {
      if (item.key !== first.key) continue
      const { length } = item.tensor.data
      if (rows > 0 && (rows + item.rows > this.limits.batch || elements + length > this.limits.elements)) break
      batch.push(item)
      rows += item.rows
      elements += length
    }
    return batch
  }

  private async runBatch(batch: readonly Waiting[]): Promise<void> {
    this.onBatch(rowsOf(batch))
    const outputs = await this.run(concatenated(batch.map(({ tensor }) => tensor))).catch((error: unknown) => {
      if (batch.length === 1) throw error
      return undefined
    })
    // They run again one by one: a tensor that fails must not fail the others.
    if (!outputs) {
      for (const item of batch)
        await this.runBatch([item]).catch((error: unknown) => {
          item.fail(error)
        })
      return
    }
    let offset = 0
    for (const { rows, settle } of batch) {
      settle(rowsAt(outputs, offset, rows, rowsOf(batch)))
      offset += rows
    }
  }
}

function rowsOf(batch: readonly Waiting[]): number {
  return batch.reduce((sum, { rows }) => sum + rows, 0)
}

function rowsAt(outputs: Outputs, offset: number, rows: number, all: number): Outputs {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { values, shape }]) => {
      if (shape[0] !== all) throw new Error(`the output ${name} has ${shape[0]} rows for a batch of ${all}`)
      const length = values.length / all
      return [
        name,
        { values: values.slice(offset * length, (offset + rows) * length), shape: [rows, ...shape.slice(1)] },
      ]
    }),
  )
}
