import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** The metrics of a server in Prometheus's text format, with those of the process: memory, time, event loop. */
export class Metrics {
  private readonly registry = new Registry()
  private readonly requests: Counter
  private readonly seconds: Histogram
  private readonly batches: Histogram

  /** @param inFlight returns how many requests are being answered @param waiting returns how many tensors wait for a batch */
  constructor(largestBatch: number, inFlight: () => number, waiting: () => number) {
    const registers = [this.registry]
    collectDefaultMetrics({ register: this.registry })
    this.requests = new Counter({
      name: 'wsban_requests_total',
      help: 'Answered requests.',
      labelNames: ['route', 'method', 'status'],
      registers,
    })
    this.seconds = new Histogram({
      name: 'wsban_request_duration_seconds',
      help: 'Seconds from the headers of a request to the end of its answer.',
      labelNames: ['route'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    })
    this.batches = new Histogram({
      name: 'wsban_batch_size',
      help: 'Rows of the batches that the model ran.',
      buckets: bucketsUpTo(largestBatch),
      registers,
    })
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value())
        },
      })
    gauge('wsban_requests_in_flight', 'Requests that are being received or answered.', inFlight)
    gauge('wsban_queue_length', 'Images and tensors that wait for a batch.', waiting)
  }

  readonly batch = (rows: number): void => this.batches.observe(rows)

  answered(route: string, method: string, status: number, milliseconds: number): void {
    this.requests.inc({ route, method, status })
    this.seconds.observe({ route }, milliseconds / 1000)
  }

  get type(): string {
    return this.registry.contentType
  }

  text(): Promise<string> {
    return this.registry.metrics()
  }

  close(): void {
    this.registry.clear()
  }
}

/** 1, 2, 4, ... up to the largest, which is the last bucket. */
function bucketsUpTo(largest: number): number[] {
  const buckets: number[] = []
  for (let size = 1; size < largest; size *= 2) buckets.push(size)
  return [...buckets, largest]
}
