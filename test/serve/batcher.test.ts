import { setMaxListeners } from 'node:events'
import test from 'ava'
import type { Outputs } from '../../runtime/inference/answer.js'
import { Batcher } from '../../runtime/serve/batcher.js'
import type { InputTensor } from '../../runtime/serve/tensors.js'

const never = new AbortController().signal
setMaxListeners(100, never)
const tensorOf = (values: readonly number[], width = 1): InputTensor => ({
  data: Uint8Array.from(values),
  shape: [values.length / width, width],
})

/** Doubles each value, once released. */
class Doubler {
  readonly batches: number[][] = []
  private readonly held: (() => void)[] = []

  readonly run = async (tensor: InputTensor): Promise<Outputs> => {
    this.batches.push([...tensor.shape])
    await new Promise<void>((settle) => {
      this.held.push(settle)
    })
    if (tensor.data.includes(99)) throw new Error('99 fails')
    return { doubled: { values: Float32Array.from(tensor.data, (value) => 2 * value), shape: tensor.shape } }
  }

  async release(): Promise<void> {
    this.held.shift()?.()
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  }
}

const valuesOf = async (answer: Promise<Outputs>) => Array.from((await answer).doubled?.values ?? [])

test('what comes while a batch runs is gathered for the next one, by shape and in order', async (t) => {
  const doubler = new Doubler()
  const batcher = new Batcher(doubler.run, { batch: 4, wait: 0, elements: 100 })
  const first = batcher.submit(tensorOf([1]), never)
  const wide = batcher.submit(tensorOf([2, 3], 2), never)
  const others = [4, 5, 6].map((value) => batcher.submit(tensorOf([value]), never))
  const large = batcher.submit(tensorOf([7, 8]), never)
  t.is(batcher.length, 5)
  for (let batch = 0; batch < 4; batch++) await doubler.release()
  t.deepEqual(await valuesOf(first), [2])
  t.deepEqual(await valuesOf(wide), [4, 6])
  t.deepEqual(await Promise.all(others.map(valuesOf)), [[8], [10], [12]])
  t.deepEqual(await valuesOf(large), [14, 16])
  // Three rows and two are more than four.
  t.deepEqual(doubler.batches, [
    [1, 1],
    [1, 2],
    [3, 1],
    [2, 1],
  ])
})

test('large tensors are not gathered', async (t) => {
  const doubler = new Doubler()
  const batcher = new Batcher(doubler.run, { batch: 8, wait: 0, elements: 3 })
  const answers = [1, 2, 3].map((value) => batcher.submit(tensorOf([value, value], 2), never))
  for (let batch = 0; batch < 3; batch++) await doubler.release()
  await Promise.all(answers)
  t.deepEqual(
    doubler.batches.map(([rows]) => rows),
    [1, 1, 1],
  )
})

test('one that fails takes no others with it', async (t) => {
  const doubler = new Doubler()
  const batcher = new Batcher(doubler.run, { batch: 8, wait: 0, elements: 100 })
  const answers = [0, 1, 99, 3].map((value) => valuesOf(batcher.submit(tensorOf([value]), never)))
  const settled = Promise.allSettled(answers)
  for (let batch = 0; batch < 6; batch++) await doubler.release()
  t.deepEqual(
    (await settled).map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason))),
    [[0], [2], 'Error: 99 fails', [6]],
  )
})

test('what is given up leaves the queue, and what runs is not waited for', async (t) => {
  const doubler = new Doubler()
  const batcher = new Batcher(doubler.run, { batch: 8, wait: 0, elements: 100 })
  const abort = new AbortController()
  const running = batcher.submit(tensorOf([1]), abort.signal)
  const waiting = batcher.submit(tensorOf([2]), abort.signal)
  const kept = batcher.submit(tensorOf([3]), never)
  abort.abort(new Error('gone'))
  await t.throwsAsync(running, { message: 'gone' })
  await t.throwsAsync(waiting, { message: 'gone' })
  await t.throwsAsync(batcher.submit(tensorOf([4]), abort.signal), { message: 'gone' })
  for (let batch = 0; batch < 2; batch++) await doubler.release()
  t.deepEqual(await valuesOf(kept), [6])
  t.deepEqual(doubler.batches, [
    [1, 1],
    [1, 1],
  ])
})
