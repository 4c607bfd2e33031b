import { type Drawing, type Lettering, letterings } from '../../compiler/diagram/drawing.js'
import { drawingSvg } from '../../compiler/diagram/svg.js'
import { drawSvg } from '../images/sharp.js'
import { Typeface } from './typeface.js'

/** The figure as pixels, with the project's own typeface: the same on every machine. `width` in pixels. */
export async function pngOf(drawing: Drawing, theme: 'light' | 'dark', width: number): Promise<Uint8Array> {
  const typefaces = { regular: new Typeface(false), bold: new Typeface(true) }
  const outlines = (text: string, lettering: Lettering) => {
    const { size, bold } = letterings[lettering]
    return (bold ? typefaces.bold : typefaces.regular).outlines(text, size)
  }
  const svg = drawingSvg(drawing, { theme, outlines })
  return drawSvg((sharp) =>
    // 72 dots an inch are one pixel for each of the drawing's.
    sharp(Buffer.from(svg), { density: (72 * width) / drawing.width, limitInputPixels: false })
      .resize({ width })
      .png({ compressionLevel: 9 })
      .toBuffer(),
  )
}
