import { parentPort, workerData } from 'node:worker_threads'
import { Failure } from '../failure.js'
import { Preparer } from './prepare.js'
import { decodeSample } from './sample_image.js'
import type { FromWorker, ToWorker } from './worker_pool.js'

// The entry point of a worker thread: jobs come in, preprocessed images go out.

/** One is read and decoded (in libuv's threads) while another is augmented here. */
const AT_ONCE = 2

const port = parentPort
if (!port) throw new Error('this runs in a worker')
const preparer = new Preparer(decodeSample, Number(workerData), AT_ONCE)

port.on('message', async ({ id, job }: ToWorker) => {
  const send = (message: FromWorker, transferred: ArrayBuffer[] = []) => port.postMessage(message, transferred)
  try {
    const prepared = await preparer.prepare(job)
    const buffers = [prepared.image, ...prepared.views].map(({ data }) => data.buffer)
    send(
      { id, prepared },
      buffers.filter((buffer) => buffer instanceof ArrayBuffer),
    )
  } catch (error) {
    send(error instanceof Failure ? { id, problem: error.problem } : { id, error })
  }
})
