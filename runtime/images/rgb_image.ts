/** A decoded image: interleaved RGB, row by row, `height * width * 3` values of 0 to 255. */
export interface RgbImage {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
  /** How the file had it stored, as EXIF counts (1 to 8), when it was turned to be shown. */
  readonly orientation?: number
  /** How large it is in the file, turned, when it was reduced while it was read. */
  readonly whole?: { readonly width: number; readonly height: number }
}

/** An image on its way through the steps: bytes until something needs fractions. Values are still 0 to 255. */
export interface AnyImage {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array | Float32Array
}

/** The same with room for fractions. */
export interface FloatImage extends AnyImage {
  readonly data: Float32Array
}

/** A rectangle of an image. Each side is a fraction of the image's height (y) or width (x), 0 to 1, y downwards. */
export interface Box {
  readonly y1: number
  readonly x1: number
  readonly y2: number
  readonly x2: number
}
