import { neededOf } from '../../compiler/compile.js'
import { fold } from '../../compiler/diagram/fold.js'
import { svgOf } from '../../compiler/diagram/svg.js'
import { Figure } from '../figure/figure.js'
import { placesOf } from '../language/box_place.js'
import type { OutlineItem } from '../language/outline.js'
import type { Analysis } from '../language/workspace.js'
import { byId, save } from './page.js'

/** The figure of the model, whose boxes and lines of text link to each other. */
export class FigureView {
  private readonly figure: Figure
  private drawn: { readonly svg: string; readonly name: string } | undefined
  private places: ReadonlyMap<string, OutlineItem> = new Map()

  /** @param go moves the cursor to an offset */
  constructor(go: (offset: number) => void) {
    this.figure = new Figure(byId('figure', HTMLElement), (name) => {
      const place = this.places.get(name)
      if (place) go(place.selection.start)
    })
    const press = (id: string, work: () => void) => byId(id, HTMLElement).addEventListener('click', work)
    press('zoom-in', () => this.figure.enlarge())
    press('zoom-out', () => this.figure.reduce())
    press('zoom-fit', () => this.figure.fit())
    press('save-figure', () => {
      if (this.drawn) save(`${this.drawn.name}.svg`, this.drawn.svg, 'image/svg+xml')
    })
  }

  /** Draws a model without errors. */
  draw({ file, whole }: Analysis): void {
    if (!whole) return
    const graph = neededOf(whole)
    const diagram = fold(graph)
    this.drawn = { svg: svgOf(diagram, 'auto', 'down'), name: graph.name }
    this.places = placesOf(file, diagram)
    this.figure.show(this.drawn.svg, new Map([...this.places].map(([box, { name }]) => [box, name])))
  }

  /** Marks the box of the binding at the cursor. */
  mark(offset: number): void {
    const at = [...this.places].filter(([, { range }]) => range.start <= offset && offset <= range.end)
    this.figure.mark(new Set(at.map(([box]) => box)))
  }
}
