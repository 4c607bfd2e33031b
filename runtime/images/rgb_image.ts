/** A decoded image: interleaved RGB, row by row, `height * width * 3` values of 0 to 255. */
export interface RgbImage {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
  /** The EXIF orientation (2 to 8) of the stored image, if it was rotated or mirrored. */
  readonly orientation?: number
  /** The size of the full image after orientation, if it was reduced while decoding. */
  readonly whole?: { readonly width: number; readonly height: number }
}

/** An image between steps: bytes until a step needs fractions. Values are 0 to 255. */
export interface AnyImage {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array | Float32Array
}

/** An image with fractional values. */
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
