import { Failure } from '../failure.js'
import { decodeImage } from '../images/decode.js'
import { predictionRecord } from '../inference/prediction_record.js'
import type { Batcher } from './batcher.js'
import { Decoding } from './decoding.js'
import type { UploadedFile } from './form_files.js'
import type { ServedModel } from './served_model.js'

/** Predicts image files, and answers with the document of `wsban predict --json`. */
export class Predictions {
  private readonly decoding = new Decoding()

  constructor(
    private readonly served: ServedModel,
    private readonly batcher: Batcher,
    private readonly mostPixels: number,
  ) {}

  /**
   * Returns the document, and whether all images could be read.
   *
   * @param top how many classes are listed
   * @throws Failure where the model fails
   */
  async of(
    files: readonly UploadedFile[],
    top: number,
    signal: AbortSignal,
  ): Promise<{ readonly ok: boolean; readonly document: unknown }> {
    this.served.model.requireImages()
    const found = await Promise.all(files.map((file) => this.one(file, top, signal)))
    const unreadable = found.filter(({ read }) => !read).length
    return {
      ok: unreadable === 0,
      document: { ok: unreadable === 0, predictions: found.map(({ record }) => record), unreadable },
    }
  }

  private async one(
    { name, bytes }: UploadedFile,
    top: number,
    signal: AbortSignal,
  ): Promise<{ readonly read: boolean; readonly record: unknown }> {
    const decode = () => {
      signal.throwIfAborted()
      return decodeImage(bytes, name, undefined, this.mostPixels)
    }
    try {
      const outputs = await this.decoding.with(decode, (image) => {
        const { data, height, width } = this.served.model.fitted(image)
        return this.batcher.submit({ data, shape: [1, height, width, 3] }, signal)
      })
      const answer = this.served.answerOf(outputs)
      return { read: true, record: { image: name, ...predictionRecord(answer, this.served.model, top) } }
    } catch (error) {
      if (!(error instanceof Failure) || error.problem.code !== 'image-unreadable') throw error
      const { code, message } = error.problem
      return { read: false, record: { image: name, error: { code, message } } }
    }
  }
}
