import { neededOf } from '../../compiler/compile.js'
import { fold } from '../../compiler/diagram/fold.js'
import { svgOf } from '../../compiler/diagram/svg.js'
import type { Graph } from '../../compiler/graph/graph.js'
import type { SourceFile } from '../../grammar/tree.js'
import { type OutlineItem, outlineOf } from '../language/outline.js'
import type { Analysis } from '../language/workspace.js'
import { byId, save } from './page.js'

/** Factors of the figure's own width. */
const zooms = [0.5, 0.75, 1, 1.5, 2, 3]

const boxStyle = `
  svg { display: block; height: auto; max-width: none; }
  .box[tabindex] { cursor: pointer; outline: none; }
  .box[tabindex]:hover rect, .box:focus-visible rect { stroke-width: 2.5; }
  g.box.active rect { stroke: #e4572e; stroke-width: 3; }
`

/** The figure of the model, whose boxes lead to their lines and back. */
export class FigureView {
  private readonly shadow: ShadowRoot
  private drawn: { readonly file: SourceFile; readonly graph: Graph; readonly name: string } | undefined
  /** Undefined: as wide as there is room. */
  private zoom: number | undefined

  /** @param go moves the cursor of the editor to a place of its text */
  constructor(private readonly go: (offset: number) => void) {
    this.shadow = byId('figure', HTMLElement).attachShadow({ mode: 'open' })
    const press = (id: string, work: () => void) => byId(id, HTMLElement).addEventListener('click', work)
    press('zoom-in', () => this.zoomTo(zooms.find((zoom) => zoom > this.shownZoom * 1.01)))
    press('zoom-out', () => this.zoomTo(zooms.findLast((zoom) => zoom < this.shownZoom * 0.99)))
    press('zoom-fit', () => this.zoomTo(undefined))
    press('save-figure', () => {
      if (this.drawn) save(`${this.drawn.name}.svg`, svgOf(fold(this.drawn.graph), 'auto', 'down'), 'image/svg+xml')
    })
  }

  /** Draws a model without errors. */
  draw({ file, whole }: Analysis): void {
    if (!whole) return
    const graph = neededOf(whole)
    this.drawn = { file, graph, name: graph.name }
    const parsed = new DOMParser().parseFromString(svgOf(fold(graph), 'auto', 'down'), 'image/svg+xml')
    const figure = document.adoptNode(parsed.documentElement)
    figure.setAttribute('role', 'group')
    const style = document.createElement('style')
    style.textContent = boxStyle
    this.shadow.replaceChildren(style, figure)
    for (const box of this.boxes()) this.link(box, file)
    this.applyZoom()
  }

  /** Marks the box of the binding at the cursor. */
  mark(offset: number): void {
    if (!this.drawn) return
    const { file } = this.drawn
    for (const box of this.boxes()) {
      const range = placeOf(file, box.dataset.name ?? '')?.range
      box.classList.toggle('active', range !== undefined && range.start <= offset && offset <= range.end)
    }
  }

  private boxes(): SVGGElement[] {
    return Array.from(this.shadow.querySelectorAll<SVGGElement>('.box'))
  }

  private link(box: SVGGElement, file: SourceFile): void {
    const place = placeOf(file, box.dataset.name ?? '')
    if (!place) return
    box.setAttribute('tabindex', '0')
    box.setAttribute('role', 'link')
    box.setAttribute('aria-label', `${place.name}: go to its line`)
    const follow = () => this.go(place.selection.start)
    box.addEventListener('click', follow)
    box.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') follow()
    })
  }

  private get shownZoom(): number {
    const figure = this.shadow.querySelector('svg')
    return figure ? figure.getBoundingClientRect().width / figure.viewBox.baseVal.width : 1
  }

  private zoomTo(zoom: number | undefined): void {
    this.zoom = zoom
    this.applyZoom()
  }

  private applyZoom(): void {
    const figure = this.shadow.querySelector('svg')
    if (!figure) return
    const { width } = figure.viewBox.baseVal
    figure.style.width = this.zoom === undefined ? `min(100%, ${width}px)` : `${width * this.zoom}px`
  }
}

/** Returns what the text defines under the name of a box: `master.trunk`, `loss.part`, `predict.probabilities`. */
function placeOf(file: SourceFile, name: string): OutlineItem | undefined {
  const [first = '', ...rest] = name.split('.')
  const model = outlineOf(file).find(({ kind }) => kind === 'model')
  const path = first === 'predict' ? rest : [first, ...rest]
  let found: OutlineItem | undefined = model
  for (const step of path) {
    const next: OutlineItem | undefined = found?.children.find((item) => item.name === step)
    if (!next) break
    found = next
  }
  return found === model ? undefined : found
}
