import { reasonOf } from '../failure.js'
import type { RgbImage } from './rgb_image.js'

/** A handle of WebAssembly; unlike an error, it has no code. */
type HeifHandle = object & { readonly code?: never }

interface HeifError {
  readonly code: object
  readonly message: string
}

interface HeifDecoded {
  readonly image: object
  readonly channels: readonly {
    readonly data: Uint8Array
    readonly stride: number
    readonly width: number
    readonly height: number
  }[]
}

/** The functions of libheif that are used here, under libheif's names. */
export interface Libheif {
  readonly heif_error_code: { readonly heif_error_Ok: object }
  readonly heif_colorspace: { readonly heif_colorspace_RGB: object }
  readonly heif_chroma: { readonly heif_chroma_interleaved_RGBA: object }
  heif_context_alloc(): object
  heif_context_free(context: object): void
  heif_context_read_from_memory(context: object, bytes: Uint8Array): HeifError
  heif_js_context_get_primary_image_handle(context: object): HeifHandle | HeifError
  heif_image_handle_get_width(handle: HeifHandle): number
  heif_image_handle_get_height(handle: HeifHandle): number
  heif_image_handle_is_premultiplied_alpha(handle: HeifHandle): number
  heif_image_handle_release(handle: HeifHandle): void
  heif_js_decode_image2(handle: HeifHandle, colourSpace: object, chroma: object): HeifDecoded | HeifError
  heif_image_release(image: object): void
}

let loaded: Promise<Libheif> | undefined

/** libheif as WebAssembly, loaded with the first HEIC image. sharp's libvips has no decoder for HEVC, which is patented. */
function loadLibheif(): Promise<Libheif> {
  // By default it prints to the console.
  loaded ??= import('libheif-js/libheif-wasm/libheif-bundle.mjs').then(({ default: create }) =>
    create({ print() {}, printErr() {} }),
  )
  return loaded
}

/**
 * Decodes the primary image of a HEIC file, turned as the file says, with transparency on white.
 *
 * @param mostPixels larger images are refused before they are decoded
 * @throws Error with the reason
 */
export async function decodeHeic(bytes: Uint8Array, mostPixels: number): Promise<RgbImage> {
  const libheif = await loadLibheif()
  const context = libheif.heif_context_alloc()
  let handle: HeifHandle | undefined
  try {
    const read = libheif.heif_context_read_from_memory(context, bytes)
    if (read.code !== libheif.heif_error_code.heif_error_Ok) throw new HeicError(read.message)
    const primary = libheif.heif_js_context_get_primary_image_handle(context)
    if (isError(primary)) throw new HeicError(primary.message)
    handle = primary
    const width = libheif.heif_image_handle_get_width(handle)
    const height = libheif.heif_image_handle_get_height(handle)
    if (width * height > mostPixels) throw new HeicError(`it has more than ${mostPixels} pixels`)
    const premultiplied = libheif.heif_image_handle_is_premultiplied_alpha(handle) !== 0
    const decoded = libheif.heif_js_decode_image2(
      handle,
      libheif.heif_colorspace.heif_colorspace_RGB,
      libheif.heif_chroma.heif_chroma_interleaved_RGBA,
    )
    if (isError(decoded)) throw new HeicError(decoded.message)
    try {
      return onWhite(decoded, premultiplied)
    } finally {
      libheif.heif_image_release(decoded.image)
    }
  } catch (error) {
    // The state of a WebAssembly module that failed inside is unknown: the next image gets a new one.
    if (!(error instanceof HeicError)) {
      loaded = undefined
      throw new HeicError(reasonOf(error), { cause: error })
    }
    throw error
  } finally {
    if (loaded) {
      if (handle) libheif.heif_image_handle_release(handle)
      libheif.heif_context_free(context)
    }
  }
}

/** The image is at fault. */
class HeicError extends Error {}

function isError(found: object): found is HeifError {
  return 'code' in found
}

function onWhite({ channels }: HeifDecoded, premultiplied: boolean): RgbImage {
  const [channel] = channels
  if (!channel) throw new HeicError('it has no pixels')
  const { data: pixels, stride, width, height } = channel
  const data = new Uint8Array(3 * width * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = y * stride + 4 * x
      const alpha = pixels[from + 3] as number
      for (let c = 0; c < 3; c++) {
        const value = pixels[from + c] as number
        data[3 * (y * width + x) + c] =
          255 - alpha + (premultiplied || alpha === 255 ? value : Math.round((value * alpha) / 255))
      }
    }
  return { width, height, data }
}
