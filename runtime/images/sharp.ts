import type Sharp from 'sharp'

let loaded: Promise<typeof Sharp> | undefined

/**
 * The loaders of libvips that may run. It takes the first loader that a file's bytes please, whatever the file is called, and others read
 * formats that name further files, run interpreters (SVG, PDF, ImageMagick) or trust what they read (its own .v, matrices, CSV).
 */
const loaders = ['Jpeg', 'Png', 'Webp', 'Heif', 'Tiff', 'Nsgif']

/** sharp, loaded when the first image is: it costs a tenth of a second that `wsban check` need not pay. */
export function loadSharp(): Promise<typeof Sharp> {
  loaded ??= import('sharp').then(({ default: sharp }) => {
    sharp.block({ operation: ['VipsForeignLoad'] })
    sharp.unblock({ operation: loaders.map((name) => `VipsForeignLoad${name}`) })
    // Images are decoded side by side, so threads inside one decode only get in the way; and no operation is ever repeated.
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
