import PDFDocument from 'pdfkit'
import { type Drawing, type Group, letterings, type Mark } from '../../compiler/diagram/drawing.js'
import { type Curve, type Point, pointAt } from '../../compiler/diagram/geometry.js'
import { inkOf, type Palette, paintOf } from '../../compiler/diagram/palette.js'
import { pathOf } from '../../compiler/diagram/svg.js'
import { elementAt } from '../../grammar/present.js'
import { Typeface } from './typeface.js'

/** Points of a CSS pixel. */
const pointsPerPixel = 0.75

interface PdfOptions {
  readonly palette: Palette
  /** In points; without it, pixels become CSS pixels. */
  readonly width?: number
}

/** The figure as one page of its own size, with text that can be searched and an embedded typeface, as publishers require. */
export async function pdfOf(drawing: Drawing, { palette, width }: PdfOptions): Promise<Uint8Array> {
  const scale = width === undefined ? pointsPerPixel : width / drawing.width
  const pages = new PDFDocument({
    size: [drawing.width * scale, drawing.height * scale],
    margin: 0,
    // The same figure always gives the same file.
    info: { Title: drawing.title, CreationDate: new Date(0) },
    font: '',
  })
  const chunks: Uint8Array[] = []
  const ended = new Promise<void>((settle, fail) => {
    pages.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    pages.on('end', settle)
    pages.on('error', fail)
  })
  pages.scale(scale)
  // Paper is white by itself, and a figure without a background fits any page.
  if (palette.paper !== '#ffffff') pages.rect(0, 0, drawing.width, drawing.height).fill(palette.paper)
  const painter = new Painter(pages, palette)
  for (const group of drawing.groups) for (const mark of group.marks) painter.draw(group, mark)
  pages.end()
  await ended
  return Buffer.concat(chunks)
}

class Painter {
  private readonly typefaces = { regular: new Typeface(false), bold: new Typeface(true) }
  private readonly names = new Map<Uint8Array, string>()

  constructor(
    private readonly page: PDFKit.PDFDocument,
    private readonly palette: Palette,
  ) {}

  draw(group: Group, mark: Mark): void {
    if (mark.kind === 'rectangle') this.rectangle(group, mark)
    else if (mark.kind === 'line') this.line(mark)
    else if (mark.kind === 'thumbnail') this.thumbnail(mark)
    else this.text(group, mark)
  }

  private rectangle(
    group: Group,
    { area: { x, y, width, height, corner } }: Extract<Mark, { kind: 'rectangle' }>,
  ): void {
    const { fill, stroke } = paintOf(group, this.palette)
    this.page.roundedRect(x - width / 2, y - height / 2, width, height, corner)
    if (stroke === undefined) this.page.fill(fill)
    else this.page.lineWidth(group.role === 'branch' ? 1 : 1.2).fillAndStroke(fill, stroke)
  }

  private thumbnail({ png, area: { x, y, width, height } }: Extract<Mark, { kind: 'thumbnail' }>): void {
    this.page.image(Buffer.from(png, 'base64'), x - width / 2, y - height / 2, { width, height })
  }

  private line(mark: Extract<Mark, { kind: 'line' }>): void {
    const { line } = this.palette
    this.page.lineWidth(1.3).path(pathOf(mark))
    if (mark.detached) this.page.dash(5, { space: 4 })
    this.page.stroke(line).undash()
    if (mark.head) this.page.polygon(...headOf(mark.curves).map(({ x, y }) => [x, y])).fill(line)
  }

  private text(group: Group, { text, at, lettering, centred }: Extract<Mark, { kind: 'text' }>): void {
    const { size, bold } = letterings[lettering]
    const typeface = bold ? this.typefaces.bold : this.typefaces.regular
    this.page.fillColor(inkOf(group, lettering, this.palette)).fontSize(size)
    let x = centred ? at.x - typeface.outlines(text, size).width / 2 : at.x
    for (const run of typeface.runs(text)) {
      this.page.font(this.nameOf(run.file)).text(run.text, x, at.y, { baseline: 'alphabetic', lineBreak: false })
      x += typeface.outlines(run.text, size).width
    }
  }

  /** Embeds each file of the typeface once. */
  private nameOf(file: Uint8Array): string {
    const known = this.names.get(file)
    if (known !== undefined) return known
    const name = `figure-${this.names.size}`
    this.names.set(file, name)
    this.page.registerFont(name, Buffer.from(file))
    return name
  }
}

/** The triangle at the end of a line, as SVG files have it as a marker. */
function headOf(curves: readonly Curve[]): readonly Point[] {
  const last = elementAt(curves, curves.length - 1)
  const before = pointAt(last, 0.9)
  const length = Math.hypot(last.to.x - before.x, last.to.y - before.y)
  const along = { x: (last.to.x - before.x) / length, y: (last.to.y - before.y) / length }
  // The marker is seven line widths long.
  const unit = (1.3 * 7) / 8
  const at = (forward: number, aside: number): Point => ({
    x: last.to.x + unit * (forward * along.x - aside * along.y),
    y: last.to.y + unit * (forward * along.y + aside * along.x),
  })
  return [at(1, 0), at(-7, 3.5), at(-7, -3.5)]
}
