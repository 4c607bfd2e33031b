import type { ModelSettings } from '../../../compiler/analysis/model.js'
import type { ClassOrder } from '../../../runtime/data/class_order.js'
import type { EngineName } from '../../../runtime/engines/index.js'
import type { precisions } from '../../../runtime/pytorch/train.js'

export interface TrainOptions {
  readonly data?: string
  readonly out?: string
  readonly epochs?: number
  readonly batch?: number
  readonly seed: number
  readonly engine?: EngineName | 'pytorch'
  readonly processes?: number
  readonly precision?: (typeof precisions)[number]
  readonly compile?: boolean
  readonly channelsLast?: boolean
  readonly syncBatchNorm?: boolean
  readonly weights?: string
  readonly weightsEntry?: string
  readonly resume?: boolean
  readonly from?: string
  readonly saveEvery?: number
  readonly keep?: number
  readonly workers?: number
  /** In gibibytes. */
  readonly cacheMemory?: number
  /** In gibibytes. */
  readonly cacheDisk?: number
  readonly maxUnreadable?: number
  readonly classOrder?: ClassOrder
  readonly holdOut?: number
  readonly profile?: boolean
  readonly set?: ModelSettings
  readonly train?: readonly string[]
}

/** With the paths that were omitted. */
export type TrainRequest = TrainOptions & { readonly data: string; readonly out: string }
