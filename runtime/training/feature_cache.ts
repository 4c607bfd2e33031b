import { createHash } from 'node:crypto'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import type { FeatureCache as CacheSettings } from '../../compiler/graph/graph.js'
import { elementAt, present } from '../../grammar/present.js'
import { cacheRoot } from '../cache_root.js'
import type { Batch } from '../data/batches.js'
import { type FeatureEntry, FeatureFiles } from '../data/feature_files.js'
import type { FeatureSource } from '../data/feature_source.js'
import { FeatureStore } from '../data/feature_store.js'
import type { Job } from '../data/prepare.js'
import { makeCacheFolder } from '../engines/provision/space.js'
import { reasonOf } from '../failure.js'
import { readImageFile } from '../images/image_file.js'
import { readySteps } from '../images/steps.js'
import type { FrozenPart, Model } from '../model.js'
import { packageVersion } from '../package_version.js'
import type { Reporter } from '../reporter.js'
import { type RunState, Scope } from '../scope.js'
import { type BatchFeatures, decodeFeatures, encodeFeatures, featureValues } from './feature_values.js'
import { imageTensor } from './gradients.js'

export interface FeatureCacheOptions {
  readonly model: Model
  /** The number of the frozen part. */
  readonly part: number
  readonly settings: CacheSettings
  readonly variables: ReadonlyMap<string, tf.Variable>
  /** The name of the engine, on which rounding depends. */
  readonly engine: string
  readonly bounds: CacheBounds
  readonly reporter: Reporter
}

export interface CacheCounts {
  readonly computed: number
  readonly found: number
}

/** Limits on the size of cached features, in bytes. */
export interface CacheBounds {
  readonly memoryBytes: number
  /** The limit on disk; 0 disables the disk cache. */
  readonly diskBytes: number
}

export const usualBounds: CacheBounds = { memoryBytes: Math.min(2 ** 32, totalmem() / 4), diskBytes: 10 * 2 ** 30 }

/** Caches the features that a frozen part computes for each image, and computes missing ones. */
export class FeatureCache {
  private readonly part: FrozenPart
  private readonly digests = new Map<string, Promise<string | undefined>>()
  private readonly counted = { computed: 0, found: 0 }

  private constructor(
    private readonly options: FeatureCacheOptions,
    private readonly store: FeatureStore,
  ) {
    this.part = elementAt(options.model.features ?? [], options.part)
  }

  /** Opens the features of a part with the current weights. Features on disk are used where the weights are the same, bit for bit. */
  static async open(options: FeatureCacheOptions): Promise<FeatureCache> {
    const { bounds, reporter } = options
    const files = bounds.diskBytes > 0 ? await openFiles(options) : undefined
    return new FeatureCache(options, new FeatureStore({ memoryBytes: bounds.memoryBytes, files, reporter }))
  }

  /** The numbers of images whose features were computed, and whose features were found. */
  get counts(): CacheCounts {
    return { ...this.counted }
  }

  /** Returns the source of features for batches. @param phase in which the part runs */
  source(phase: 'training' | 'inference'): FeatureSource {
    return {
      needsImages: this.part.readsImages,
      find: async (job) => {
        const key = await this.keyOf(job, phase)
        return { key, features: key === undefined ? undefined : await this.store.get(key) }
      },
    }
  }

  /**
   * Returns the features of a batch whose images were looked for in this cache; computes and keeps those that are missing.
   *
   * @param size the number of images computed at once, on which rounding may depend
   * @param state how the part runs, frozen
   */
  async featuresOf(batch: Batch, size: number, state: Omit<RunState, 'watch'>): Promise<BatchFeatures> {
    const kept = present(batch.kept, 'the images of a batch with a cache')
    const missing = kept.flatMap(({ features }, index) => (features ? [] : [index]))
    const added = missing.length > 0 ? await this.compute(batch, missing, size, state) : new Map<number, FeatureEntry>()
    const fresh = missing.flatMap((index): [string, FeatureEntry][] => {
      const { key } = elementAt(kept, index)
      return key === undefined ? [] : [[key, present(added.get(index), 'computed features')]]
    })
    if (fresh.length > 0) await this.store.put(fresh)
    this.counted.computed += missing.length
    this.counted.found += kept.length - missing.length
    const entries = kept.map(({ features }, index) => present(features ?? added.get(index), 'features'))
    return { part: this.options.part, values: decodeFeatures(this.part.values, entries) }
  }

  /** Computes the features of some images of a batch, padded to a full batch. */
  private async compute(
    batch: Batch,
    missing: readonly number[],
    size: number,
    state: Omit<RunState, 'watch'>,
  ): Promise<ReadonlyMap<number, FeatureEntry>> {
    const { model, settings } = this.options
    const count = Math.max(size, missing.length)
    const chosen = (images: Float32Array, side: number) =>
      imageTensor(this.padded(images, lengthOf(side), missing, count), side, count)
    const tensors = tf.tidy(() => {
      const views = (model.views ?? []).map((view, index) => chosen(elementAt(batch.views ?? [], index), view.size))
      return this.part.compute(Scope.of(state), chosen(batch.images, model.image.size), ...views)
    })
    const values = await featureValues(this.part.values, tensors)
    tf.dispose(tensors)
    const kept = present(batch.kept, 'the images of a batch with a cache')
    return new Map(
      missing.map((index, place): [number, FeatureEntry] => {
        const { image } = elementAt(kept, index)
        return [index, { image, ...encodeFeatures(values, place, count, settings.precision) }]
      }),
    )
  }

  /** Returns the missing images in order, padded with zeros to the batch size. */
  private padded(images: Float32Array, length: number, missing: readonly number[], count: number): Float32Array {
    // If images with features were not loaded, the batch holds the missing ones only.
    const alone = !this.part.readsImages
    if (alone && missing.length === count) return images
    const padded = new Float32Array(count * length)
    for (const [place, index] of missing.entries()) {
      const from = (alone ? place : index) * length
      padded.set(images.subarray(from, from + length), place * length)
    }
    return padded
  }

  /** Names what decides an image's features besides weights and computation; undefined if its file cannot be read. */
  private async keyOf({ path, part, steps, key, size, views = [] }: Job, phase: string): Promise<string | undefined> {
    const digest = await this.digestOf(path, part)
    if (digest === undefined) return undefined
    const versions = [{ steps, key, size }, ...views].map((version) => [
      version.steps,
      version.size,
      // Without random steps every key gives the same image.
      readySteps(version.steps).some(({ random }) => random) ? version.key : 0,
    ])
    return hashOf(JSON.stringify([digest, phase, versions]))
  }

  /** A digest of the content of an image's file, which is read once in a run. */
  private digestOf(path: string, part: Job['part']): Promise<string | undefined> {
    const name = JSON.stringify([path, part])
    const known = this.digests.get(name)
    if (known) return known
    const digest = readImageFile(part ?? path).then(hashOf, () => undefined)
    this.digests.set(name, digest)
    return digest
  }
}

/** Opens the files of a part; a disk that cannot be used is warned of. */
async function openFiles({
  model,
  part,
  settings,
  variables,
  engine,
  bounds,
  reporter,
}: FeatureCacheOptions): Promise<FeatureFiles | undefined> {
  const root = join(cacheRoot(), 'features')
  try {
    await makeCacheFolder(root)
    const { program } = elementAt(model.features ?? [], part)
    const hash = createHash('sha256').update(JSON.stringify([packageVersion(), engine, program, settings.precision]))
    for (const [name, variable] of frozenVariables(model, part, variables)) {
      hash.update(JSON.stringify([name, variable.shape]))
      const values = await variable.data()
      hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    }
    return await FeatureFiles.open(root, hash.digest('hex').slice(0, 32), bounds.diskBytes)
  } catch (error) {
    reporter.warn(`features are not kept on disk: ${reasonOf(error)}`)
    return undefined
  }
}

/** The weights and statistics of the groups that are frozen for as long as the part is. */
function frozenVariables(
  { plan, features = [] }: Model,
  part: number,
  variables: ReadonlyMap<string, tf.Variable>,
): readonly [string, tf.Variable][] {
  const { epochs } = elementAt(features, part)
  const paths = plan.groups
    .filter(({ frozen }) => frozen === 'all' || (epochs !== 'all' && frozen >= epochs))
    .map(({ path }) => `${path}.`)
  return [...variables].filter(([name]) => paths.some((path) => name.startsWith(path)))
}

function lengthOf(side: number): number {
  return side * side * 3
}

function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32)
}
