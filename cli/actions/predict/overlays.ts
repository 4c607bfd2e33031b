import { basename, extname, join } from 'node:path'
import { fittingName } from '../../../runtime/files.js'
import { drawOverlay } from '../../../runtime/images/overlay.js'
import type { RgbImage } from '../../../runtime/images/rgb_image.js'
import type { Answer } from '../../../runtime/inference/answer.js'
import { WrittenFiles } from '../../../runtime/written_files.js'

/** Writes images with the attention map and the crop. Two images of one name in different folders get different files. */
export class Overlays {
  private readonly names = new Set<string>()

  private constructor(
    private readonly folder: string,
    private readonly files: WrittenFiles,
  ) {}

  static async open(folder: string): Promise<Overlays> {
    return new Overlays(folder, await WrittenFiles.open(folder))
  }

  /** Returns the path of the file; undefined for a model without attention. */
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
