import { create, type Font } from 'fontkit'
import { elementAt } from '../../grammar/present.js'
import { typefaceFiles } from './typeface_files.js'

/** Letters of one file of the typeface. */
export interface Run {
  readonly text: string
  readonly font: Font
  readonly file: Uint8Array
}

/** The typeface of figures, which needs no font of the machine. */
export class Typeface {
  private readonly faces: readonly { readonly font: Font; readonly file: Uint8Array }[]

  constructor(bold: boolean) {
    this.faces = typefaceFiles()[bold ? 600 : 400].map((file) => {
      const font = create(Buffer.from(file))
      if (!('layout' in font)) throw new Error('a file of the typeface holds several fonts')
      return { font, file }
    })
  }

  /** Splits a text into runs of one file each; characters that no file has are empty boxes. */
  runs(text: string): readonly Run[] {
    const runs: Run[] = []
    for (const letter of text) {
      const point = letter.codePointAt(0)
      const face =
        this.faces.find(({ font }) => point !== undefined && font.hasGlyphForCodePoint(point)) ??
        elementAt(this.faces, 0)
      const last = runs.at(-1)
      if (last?.font === face.font) runs[runs.length - 1] = { ...last, text: last.text + letter }
      else runs.push({ text: letter, ...face })
    }
    return runs
  }

  /** The width of a text in pixels, and its outlines as an SVG path whose baseline begins at the origin. */
  outlines(text: string, size: number): { readonly width: number; readonly path: string } {
    let width = 0
    const paths: string[] = []
    for (const { text: part, font } of this.runs(text)) {
      const scale = size / font.unitsPerEm
      const { glyphs, positions } = font.layout(part)
      glyphs.forEach((glyph, index) => {
        const { xAdvance, xOffset, yOffset } = elementAt(positions, index)
        const path = glyph.path.scale(scale, -scale).translate(width + xOffset * scale, -yOffset * scale)
        paths.push(path.toSVG())
        width += xAdvance * scale
      })
    }
    return { width, path: paths.join('') }
  }
}
