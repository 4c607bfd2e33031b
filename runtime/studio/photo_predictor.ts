import type * as z from 'zod'
import type { EngineName } from '../engines/index.js'
import { decodeImage } from '../images/decode.js'
import { thumbnailOf } from '../images/thumbnail.js'
import type { Predictor } from '../inference/answer.js'
import { openPredictor } from '../inference/open.js'
import { RunFolder } from '../runs/folder.js'
import type { SpecHost } from '../specs/host.js'
import { shownAnswerOf } from './shown_answer.js'
import type { photoAnswer } from './state.js'

/** The longer side of the displayed photo, in pixels. */
const photoSide = 900

/** Predicts photos of the user's own by the best checkpoint of a run. The last model stays loaded. */
export class PhotoPredictor {
  private kept: { readonly key: string; readonly predictor: Predictor } | undefined

  constructor(
    private readonly engine: EngineName | undefined,
    private readonly host: SpecHost,
  ) {}

  /** @throws Failure `image-unreadable`, and where the run's weights cannot be read */
  async predict(path: string, photo: Uint8Array): Promise<z.infer<typeof photoAnswer>> {
    const image = await decodeImage(photo, 'the photo')
    const { info } = await RunFolder.open(path)
    const checkpoint = info.best ?? info.last ?? ''
    const predictor = await this.open(path, checkpoint)
    const [answer] = await predictor.predict([image])
    if (!answer) throw new Error('no answer for an image')
    return {
      answer: shownAnswerOf(answer, predictor),
      jpeg: Buffer.from(await thumbnailOf(image, photoSide)).toString('base64'),
      checkpoint,
    }
  }

  async close(): Promise<void> {
    await this.kept?.predictor.close()
    this.kept = undefined
  }

  private async open(path: string, checkpoint: string): Promise<Predictor> {
    const key = JSON.stringify([path, checkpoint])
    if (this.kept?.key === key) return this.kept.predictor
    await this.close()
    const predictor = await openPredictor(path, this.engine, this.host)
    this.kept = { key, predictor }
    return predictor
  }
}
