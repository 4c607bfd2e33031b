import { availableParallelism } from 'node:os'
import type { RgbImage } from '../images/rgb_image.js'

/** The limit on the bytes of decoded images; above it, decoding waits. */
const mostHeld = 2 ** 28

/** Bounds the memory of decoded images, which may be a hundred times as large as their files. */
export class Decoding {
  private running = 0
  private held = 0
  private readonly waiting: (() => void)[] = []
  private readonly most = availableParallelism()

  /** Decodes an image when there is room for it. The room is released when `use` has ended. */
  async with<Result>(decode: () => Promise<RgbImage>, use: (image: RgbImage) => Promise<Result>): Promise<Result> {
    while (this.running >= this.most || this.held >= mostHeld)
      await new Promise<void>((settle) => {
        this.waiting.push(settle)
      })
    this.running++
    let image: RgbImage
    try {
      image = await decode()
    } finally {
      this.running--
      this.wake()
    }
    const { length } = image.data
    this.held += length
    this.wake()
    try {
      return await use(image)
    } finally {
      this.held -= length
      this.wake()
    }
  }

  /** Lets all waiting requests check for room again, in order. */
  private wake(): void {
    for (const settle of this.waiting.splice(0)) settle()
  }
}
