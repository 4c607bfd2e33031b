import { reasonOf } from '../failure.js'
import type { Reporter } from '../reporter.js'
import type { FeatureEntry, FeatureFiles } from './feature_files.js'

export interface FeatureStoreOptions {
  /** Bytes of features to keep in memory. */
  readonly memoryBytes: number
  /** Undefined to cache in memory only. */
  readonly files: FeatureFiles | undefined
  readonly reporter: Reporter
}

/**
 * Features by key, in memory up to a limit and on disk. Nothing is evicted from memory: each epoch visits every image once in a new order, so no
 * eviction policy gives more hits. Features that do not fit are recomputed.
 */
export class FeatureStore {
  private readonly memory = new Map<string, FeatureEntry>()
  private memoryUsed = 0
  private diskFailed = false

  constructor(private readonly options: FeatureStoreOptions) {}

  async get(key: string): Promise<FeatureEntry | undefined> {
    const known = this.memory.get(key)
    if (known) return known
    const entry = await this.options.files?.read(key)
    if (entry) this.remember(key, entry)
    return entry
  }

  async put(entries: readonly (readonly [key: string, entry: FeatureEntry])[]): Promise<void> {
    for (const [key, entry] of entries) this.remember(key, entry)
    const { files, reporter } = this.options
    if (!files || this.diskFailed) return
    const missing = entries.filter(([key]) => !files.has(key))
    if (missing.length === 0) return
    try {
      if (await files.write(missing)) return
      this.diskFailed = true
      reporter.warn(
        'the cache of features has reached its size on disk: further images are kept in memory as far as they fit, and computed again otherwise. --cache-disk allows more',
      )
    } catch (error) {
      this.diskFailed = true
      reporter.warn(
        `features are no longer kept on disk (${reasonOf(error)}): further images are kept in memory as far as they fit, and computed again otherwise`,
      )
    }
  }

  private remember(key: string, entry: FeatureEntry): void {
    if (this.memory.has(key) || this.memoryUsed + entry.bytes.length > this.options.memoryBytes) return
    this.memory.set(key, entry)
    this.memoryUsed += entry.bytes.length
  }
}
