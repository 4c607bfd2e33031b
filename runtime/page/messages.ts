/** The messages between the page and the worker that runs its model. */

import type { ResizedInput } from '../../compiler/targets/onnx/resized_input.js'
import type { Answer } from './answer.js'

/** A problem with a photo or the model, for people. */
export interface Problem {
  readonly code: 'not-an-image' | 'not-decoded' | 'model-failed'
  readonly message: string
}

/** The next piece of a large file, in base64 or as bytes. */
export interface PieceMessage {
  readonly kind: 'piece'
  readonly of: 'runtime' | 'model'
  readonly data: string | Uint8Array<ArrayBuffer>
  /** The size of the whole file in bytes. */
  readonly total: number
}

/** Sent after the last piece: the worker creates the session. */
export interface StartMessage {
  readonly kind: 'start'
  readonly resize: ResizedInput | null
}

/** Requests the prediction for a photo. */
export interface AnswerRequest {
  readonly kind: 'answer'
  readonly id: number
  readonly file: Blob
  readonly name: string
}

/** Requests an earlier photo, to show it again. */
export interface ViewRequest {
  readonly kind: 'view'
  readonly id: number
  readonly file: Blob
  readonly name: string
  readonly box: Answer['box']
}

export type ToWorker = PieceMessage | StartMessage | AnswerRequest | ViewRequest

/** A photo, scaled to the size of a screen. */
export interface DecodedPhoto {
  readonly shown: ImageBitmap
  /** The photo's own size. */
  readonly width: number
  readonly height: number
}

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unready'; readonly message: string }
  | { readonly kind: 'decoded'; readonly id: number; readonly photo: DecodedPhoto }
  | { readonly kind: 'answered'; readonly id: number; readonly answer: Answer; readonly crop: ImageBitmap | undefined }
  | {
      readonly kind: 'viewed'
      readonly id: number
      readonly photo: DecodedPhoto
      readonly crop: ImageBitmap | undefined
    }
  | { readonly kind: 'failed'; readonly id: number; readonly problem: Problem }
