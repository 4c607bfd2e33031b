import type { Answer } from './answer.js'
import type { DecodedPhoto, Problem } from './messages.js'
import type { Answered, ModelWorker, Viewed } from './model_worker.js'

/** A photo and the state of its prediction. */
export interface Photo {
  readonly file: Blob
  readonly name: string
  state:
    | { readonly kind: 'waiting' }
    | { readonly kind: 'decoded'; readonly photo: DecodedPhoto }
    | { readonly kind: 'answered'; readonly answer: Answer }
    | { readonly kind: 'failed'; readonly problem: Problem }
  /** A small image of it. */
  thumbnail: HTMLCanvasElement | undefined
}

/** All photos of the session. The current one is shown in full; bitmaps of the others are not kept. */
export class Photos {
  private photos: Photo[] = []
  private current: Photo | undefined
  /** The bitmaps of the current photo, once available. */
  private bitmaps: Partial<Viewed> = {}

  constructor(
    private readonly worker: ModelWorker,
    private readonly changed: () => void,
  ) {}

  get all(): readonly Photo[] {
    return this.photos
  }

  get selected(): Photo | undefined {
    return this.current
  }

  get shown(): Partial<Viewed> {
    return this.bitmaps
  }

  /** Requests predictions for photos, and shows the first of them. */
  add(files: readonly { readonly file: Blob; readonly name: string }[]): void {
    const added = files.map(
      ({ file, name }): Photo => ({ file, name, state: { kind: 'waiting' }, thumbnail: undefined }),
    )
    const [first] = added
    if (!first) return
    this.photos.push(...added)
    this.change(first, {})
    for (const photo of added)
      this.worker.answer(photo, {
        decoded: (decoded) => this.decoded(photo, decoded),
        answered: (found) => this.answered(photo, found),
        failed: (problem) => this.failed(photo, problem),
      })
    this.changed()
  }

  select(photo: Photo): void {
    if (photo === this.current) return
    this.change(photo, {})
    this.changed()
    if (photo.state.kind !== 'answered') return
    const { file, name } = photo
    this.worker.view(
      { file, name, box: photo.state.answer.box },
      {
        viewed: (found) => {
          if (photo !== this.current) return close(found)
          this.change(photo, found)
          this.changed()
        },
        failed: (problem) => this.failed(photo, problem),
      },
    )
  }

  clear(): void {
    this.photos = []
    this.change(undefined, {})
    this.changed()
  }

  private decoded(photo: Photo, decoded: DecodedPhoto): void {
    photo.thumbnail = thumbnailOf(decoded.shown)
    photo.state = { kind: 'decoded', photo: decoded }
    if (photo === this.current) this.change(photo, { photo: decoded })
    else decoded.shown.close()
    this.changed()
  }

  private answered(photo: Photo, { answer, crop }: Answered): void {
    const before = photo.state
    photo.state = { kind: 'answered', answer }
    if (photo !== this.current) crop?.close()
    // A photo that was selected after it was decoded has no bitmap here yet.
    else if (this.bitmaps.photo) this.bitmaps = { ...this.bitmaps, crop }
    else if (before.kind === 'decoded') {
      crop?.close()
      this.current = undefined
      this.select(photo)
    }
    this.changed()
  }

  private failed(photo: Photo, problem: Problem): void {
    photo.state = { kind: 'failed', problem }
    if (photo === this.current) this.change(photo, {})
    this.changed()
  }

  private change(photo: Photo | undefined, bitmaps: Partial<Viewed>): void {
    close(this.bitmaps)
    this.current = photo
    this.bitmaps = bitmaps
  }
}

function close({ photo, crop }: Partial<Viewed>): void {
  photo?.shown.close()
  crop?.close()
}

const thumbnailSide = 96

/** Returns the middle square of an image, small. */
function thumbnailOf(image: ImageBitmap): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  ;[canvas.width, canvas.height] = [thumbnailSide, thumbnailSide]
  const side = Math.min(image.width, image.height)
  const context = canvas.getContext('2d')
  if (context) {
    context.imageSmoothingQuality = 'high'
    const [x, y] = [(image.width - side) / 2, (image.height - side) / 2]
    context.drawImage(image, x, y, side, side, 0, 0, thumbnailSide, thumbnailSide)
  }
  return canvas
}
