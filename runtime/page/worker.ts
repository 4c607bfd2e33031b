/** The worker of the page: decodes and resizes photos and runs the model, so that the page stays responsive. */

import { env, InferenceSession } from 'onnxruntime-web/wasm'
import { ask, bytesOf } from './answer.js'
import type {
  AnswerRequest,
  FromWorker,
  PieceMessage,
  Problem,
  StartMessage,
  ToWorker,
  ViewRequest,
} from './messages.js'
import { decodePhoto, PhotoError, shownCrop, shownPhoto } from './photo.js'

/** Pending messages, in order; requests to show a photo again take precedence. */
const waiting: ToWorker[] = []
let busy = false

const files: Record<PieceMessage['of'], { bytes: Uint8Array<ArrayBuffer>; length: number }> = {
  runtime: { bytes: new Uint8Array(), length: 0 },
  model: { bytes: new Uint8Array(), length: 0 },
}
let running: { readonly session: InferenceSession; readonly resize: StartMessage['resize'] } | undefined
/** The last decoded photo, which is often requested again for display. */
let decoded: { readonly file: Blob; readonly photo: ImageBitmap } | undefined

function reply(message: FromWorker, transfer: readonly (ImageBitmap | undefined)[] = []): void {
  postMessage(message, { transfer: transfer.filter((bitmap) => bitmap !== undefined) })
}

async function append({ of, data, total }: PieceMessage): Promise<void> {
  const file = files[of]
  if (file.bytes.length === 0) file.bytes = new Uint8Array(total)
  const piece = typeof data === 'string' ? await bytesOf(data) : data
  file.bytes.set(piece, file.length)
  file.length += piece.length
}

/** Returns a complete file and releases it. @throws Error if bytes are missing */
function taken(of: PieceMessage['of']): Uint8Array<ArrayBuffer> {
  const { bytes, length } = files[of]
  if (length !== bytes.length) throw new Error(`${length} of ${bytes.length} bytes arrived`)
  files[of] = { bytes: new Uint8Array(), length: 0 }
  return bytes
}

async function gunzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

async function start({ resize }: StartMessage): Promise<void> {
  // Threads need cross-origin isolation, whose headers a page opened from a disk cannot have.
  env.wasm.numThreads = 1
  env.wasm.wasmBinary = await gunzipped(taken('runtime'))
  const session = await InferenceSession.create(taken('model'), { executionProviders: ['wasm'] })
  // The first run allocates memory and compiles: unless a photo is waiting, an empty image bears that.
  if (waiting.length === 0) await ask(session, await createImageBitmap(new ImageData(64, 64)), resize ?? undefined)
  running = { session, resize }
  reply({ kind: 'ready' })
}

async function photoOf({ file, name }: AnswerRequest | ViewRequest): Promise<ImageBitmap> {
  if (decoded?.file === file) return decoded.photo
  decoded?.photo.close()
  decoded = undefined
  const photo = await decodePhoto(file, name)
  decoded = { file, photo }
  return photo
}

async function answer(request: AnswerRequest): Promise<void> {
  if (!running) throw new Error('the model is not loaded')
  const { id } = request
  const bitmap = await photoOf(request)
  const photo = await shownPhoto(bitmap)
  reply({ kind: 'decoded', id, photo }, [photo.shown])
  const found = await ask(running.session, bitmap, running.resize ?? undefined)
  const crop = await shownCrop(bitmap, found.box)
  reply({ kind: 'answered', id, answer: found, crop }, [crop])
}

async function view(request: ViewRequest): Promise<void> {
  const bitmap = await photoOf(request)
  const [photo, crop] = await Promise.all([shownPhoto(bitmap), shownCrop(bitmap, request.box)])
  reply({ kind: 'viewed', id: request.id, photo, crop }, [photo.shown, crop])
}

function problemOf(error: unknown): Problem {
  if (error instanceof PhotoError) return error.problem
  return { code: 'model-failed', message: `The model could not be run: ${messageOf(error)}` }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function handle(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case 'piece':
    case 'start':
      return (message.kind === 'piece' ? append(message) : start(message)).catch((error) =>
        reply({ kind: 'unready', message: messageOf(error) }),
      )
    case 'answer':
    case 'view':
      return (message.kind === 'answer' ? answer(message) : view(message)).catch((error) =>
        reply({ kind: 'failed', id: message.id, problem: problemOf(error) }),
      )
  }
}

/** One at a time: memory holds one decoded photo. */
async function work(): Promise<void> {
  if (busy) return
  busy = true
  for (let next = waiting.shift(); next; next = waiting.shift()) await handle(next)
  busy = false
}

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'view') waiting.unshift(data)
  else waiting.push(data)
  void work()
})
