import type Sharp from 'sharp'

let loaded: Promise<typeof Sharp> | undefined

/**
 * The loaders of libvips that are allowed. libvips selects a loader by a file's contents, and others read formats that refer to further files, run
 * interpreters (SVG, PDF, ImageMagick) or trust their input (its own .v, matrices, CSV).
 */
const loaders = ['Jpeg', 'Png', 'Webp', 'Heif', 'Tiff', 'Nsgif']

/** Loads sharp with the first image: it takes a tenth of a second, which `wsban check` does not need. */
export function loadSharp(): Promise<typeof Sharp> {
  loaded ??= import('sharp').then(({ default: sharp }) => {
    sharp.block({ operation: ['VipsForeignLoad'] })
    sharp.unblock({ operation: loaders.map((name) => `VipsForeignLoad${name}`) })
    // Images are decoded concurrently, so threads within one decode do not help; and no operation repeats, so libvips's cache does not either.
    sharp.concurrency(1)
    sharp.cache(false)
    return sharp
  })
  return loaded
}

const svgLoader = { operation: ['VipsForeignLoadSvg'] }
let drawing = 0

/**
 * Draws with the SVG loader, for SVG that wsban wrote itself. libvips has one list for the whole process: an image that is decoded meanwhile
 * is still refused when it turns out to be SVG, by decodeImage.
 */
export async function drawSvg<Result>(draw: (sharp: typeof Sharp) => Promise<Result>): Promise<Result> {
  const sharp = await loadSharp()
  if (drawing++ === 0) sharp.unblock(svgLoader)
  try {
    return await draw(sharp)
  } finally {
    if (--drawing === 0) sharp.block(svgLoader)
  }
}
