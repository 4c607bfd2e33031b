import type { ClassSampler } from '../../compiler/graph/graph.js'
import { keyOf, Random } from '../../compiler/random.js'
import { present } from '../../grammar/present.js'
import type { Sample } from './dataset.js'

/** One position in the order of an epoch. */
export interface Draw {
  /** The sample's index. */
  readonly index: number
  /** How many times the sample occurred earlier in the epoch: each occurrence is augmented differently. */
  readonly earlier: number
}

interface Epoch {
  readonly seed: number
  readonly epoch: number
  /** Images a batch. */
  readonly batch: number
  readonly sampler?: ClassSampler
}

/** How many batches an epoch gives when every image can be read: the partial one counts only if there is no full one. */
export function batchesInEpoch(samples: number, batch: number): number {
  return samples === 0 ? 0 : Math.max(1, Math.floor(samples / batch))
}

/**
 * Returns the order of an epoch's images, which depends on (seed, epoch) alone: all samples once, or the batches of a sampler one after another.
 * `image_dataset.py` has the same order.
 */
export function epochOrder(samples: readonly Sample[], { seed, epoch, batch, sampler }: Epoch): readonly Draw[] {
  const random = new Random(keyOf(seed, 'order', epoch))
  if (!sampler) return random.shuffle([...samples.keys()]).map((index) => ({ index, earlier: 0 }))
  const seen = new Map<number, number>()
  return classBatches(samples, sampler, batchesInEpoch(samples.length, batch), random).map((index) => {
    const earlier = seen.get(index) ?? 0
    seen.set(index, earlier + 1)
    return { index, earlier }
  })
}

function classBatches(
  samples: readonly Sample[],
  { classes, images }: ClassSampler,
  batches: number,
  random: Random,
): number[] {
  const decks = new Map([...imagesByClass(samples)].map(([label, members]) => [label, new Deck(members, random)]))
  const labels = new Deck([...decks.keys()], random)
  return Array.from({ length: batches }, () => labels.take(classes)).flatMap((chosen) =>
    chosen.flatMap((label) => present(decks.get(label), 'the images of a class').take(images)),
  )
}

/** Returns the indices of each class's samples, both in ascending order. */
export function imagesByClass(samples: readonly Sample[]): ReadonlyMap<number, readonly number[]> {
  const members = new Map<number, number[]>()
  for (const [index, { label }] of samples.entries()) {
    const known = members.get(label)
    if (known) known.push(index)
    else members.set(label, [index])
  }
  return new Map([...members].sort(([a], [b]) => a - b))
}

/** Draws items at random without replacement, and reshuffles them when all have been drawn. */
class Deck {
  private order: readonly number[] = []
  private next = 0

  constructor(
    private readonly items: readonly number[],
    private readonly random: Random,
  ) {}

  /** Returns `count` items, with duplicates only if the deck has fewer. */
  take(count: number): readonly number[] {
    const taken: number[] = []
    while (taken.length < count) {
      if (this.next === this.order.length) this.shuffle(taken)
      taken.push(present(this.order[this.next], 'an item'))
      this.next++
    }
    return taken
  }

  /** Reshuffles the items, with those that were just drawn at the end. */
  private shuffle(taken: readonly number[]): void {
    const order = this.random.shuffle([...this.items])
    this.order = [...order.filter((item) => !taken.includes(item)), ...order.filter((item) => taken.includes(item))]
    this.next = 0
  }
}
