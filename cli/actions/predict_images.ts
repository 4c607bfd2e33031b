import { basename, extname, join } from 'node:path'
import { type RankedClass, rank } from '../../runtime/api/model.js'
import type { EngineName } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { fittingName } from '../../runtime/files.js'
import { decodeImage } from '../../runtime/images/decode.js'
import { drawOverlay } from '../../runtime/images/overlay.js'
import type { RgbImage } from '../../runtime/images/rgb_image.js'
import { type Answer, argMax } from '../../runtime/inference/answer.js'
import { openPredictor } from '../../runtime/inference/open.js'
import { WrittenFiles } from '../../runtime/written_files.js'
import type { Io } from '../io.js'
import { specHost } from './spec.js'

export interface PredictRequest {
  readonly top: number
  readonly heatmaps?: string
  readonly engine?: EngineName
}

/** Names what each image shows. An image that cannot be read is said and left out; the exit code is 1 then. */
export async function predictImages(
  source: string,
  images: readonly string[],
  { top, heatmaps, engine }: PredictRequest,
  io: Io,
): Promise<number> {
  const predictor = await openPredictor(source, engine, specHost(io))
  const overlays = heatmaps === undefined ? undefined : await Overlays.open(heatmaps)
  const results = []
  let failed = false
  for (const path of images) {
    try {
      const image = await decodeImage(path)
      const [answer] = await predictor.predict([image])
      if (!answer) throw new Error('no answer for an image')
      const overlay = await overlays?.write(path, image, answer)
      const classes = rank(answer.probabilities, predictor.classes, top)
      io.print(lineOf(path, classes, answer, overlay))
      const branches = Object.entries(answer.logits).map(([branch, logits]) => [
        branch,
        predictor.classes[argMax(logits)],
      ])
      results.push({
        image: path,
        classes,
        ...(answer.box && { box: answer.box }),
        branches: Object.fromEntries(branches),
        ...(overlay !== undefined && { overlay }),
      })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      failed = true
      io.reporter.warn(`${error.problem.message}${error.problem.help ? ` (${error.problem.help})` : ''}`)
      results.push({ image: path, error: { code: error.problem.code, message: error.problem.message } })
    }
  }
  await predictor.close()
  io.json({ ok: !failed, predictions: results })
  return failed ? 1 : 0
}

function lineOf(image: string, classes: readonly RankedClass[], { box }: Answer, overlay: string | undefined): string {
  const named = classes.map(({ name, probability }) => `${name} ${(probability * 100).toFixed(1)} %`).join(', ')
  const where = box ? ` · part at ${box.map((value) => value.toFixed(2)).join(' ')} (y1 x1 y2 x2)` : ''
  return `${image}: ${named}${where}${overlay === undefined ? '' : ` · ${overlay}`}`
}

/** Draws what a model looked at. Two images of one name in different folders get different files. */
class Overlays {
  private readonly names = new Set<string>()

  private constructor(
    private readonly folder: string,
    private readonly files: WrittenFiles,
  ) {}

  static async open(folder: string): Promise<Overlays> {
    return new Overlays(folder, await WrittenFiles.open(folder))
  }

  /** Returns where it was written; undefined for a model that has no attention. */
  async write(path: string, image: RgbImage, { box, attention }: Answer): Promise<string | undefined> {
    const name = this.nameFor(path)
    if (!attention || !box) return undefined
    const [y1, x1, y2, x2] = box
    await this.files.write(
      name,
      await drawOverlay(image, {
        attention: attention.values,
        h: attention.height,
        w: attention.width,
        view: attention.view,
        box: { y1, x1, y2, x2 },
      }),
    )
    return join(this.folder, name)
  }

  private nameFor(image: string): string {
    const own = basename(image, extname(image))
    for (let number = 1; ; number++) {
      const name = fittingName(own, `${number === 1 ? '' : `-${number}`}.heatmap.png`)
      if (this.names.has(name)) continue
      this.names.add(name)
      return name
    }
  }
}
