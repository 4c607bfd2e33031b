/** Zoom factors, relative to the figure's own width. */
const zooms = [0.5, 0.75, 1, 1.5, 2, 3]

const boxStyle = `
  svg { display: block; height: auto; max-width: none; }
  .box[tabindex] { cursor: pointer; outline: none; }
  .box[tabindex]:hover rect, .box:focus-visible rect { stroke-width: 2.5; }
  g.box.active rect { stroke: #e4572e; stroke-width: 3; }
`

/** The figure of a model, in its own shadow tree. Boxes that the text defines are links and can be marked. */
export class Figure {
  private readonly shadow: ShadowRoot
  /** Undefined: fit the available width. */
  private zoom: number | undefined

  /** @param follow is called with the name of a box that was chosen */
  constructor(
    host: HTMLElement,
    private readonly follow: (name: string) => void,
  ) {
    this.shadow = host.attachShadow({ mode: 'open' })
  }

  /** Draws an SVG file. @param labels of the boxes that can be followed, by their names */
  show(svg: string, labels: ReadonlyMap<string, string>): void {
    const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml')
    const figure = document.adoptNode(parsed.documentElement)
    figure.setAttribute('role', 'group')
    const inner = Array.from(figure.querySelectorAll('style'))
    // A constructed style sheet is allowed where a content security policy forbids inline styles.
    this.shadow.adoptedStyleSheets = [...inner.map((style) => style.textContent ?? ''), boxStyle].map((text) => {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(text)
      return sheet
    })
    for (const style of inner) style.remove()
    const focused = this.shadow.activeElement?.getAttribute('data-name')
    this.shadow.replaceChildren(figure)
    for (const box of this.boxes()) {
      const label = labels.get(nameOf(box))
      if (label !== undefined) this.link(box, label)
      if (focused !== undefined && nameOf(box) === focused) box.focus()
    }
    this.applyZoom()
  }

  /** Marks the boxes with these names, and no others. */
  mark(names: ReadonlySet<string>): void {
    for (const box of this.boxes()) box.classList.toggle('active', names.has(nameOf(box)))
  }

  /** Brings the innermost marked box into view. */
  reveal(): void {
    this.boxes()
      .findLast((box) => box.classList.contains('active'))
      ?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }

  enlarge(): void {
    this.zoomTo(zooms.find((zoom) => zoom > this.shownZoom * 1.01))
  }

  reduce(): void {
    this.zoomTo(zooms.findLast((zoom) => zoom < this.shownZoom * 0.99))
  }

  fit(): void {
    this.zoomTo(undefined)
  }

  private boxes(): SVGGElement[] {
    return Array.from(this.shadow.querySelectorAll<SVGGElement>('.box'))
  }

  private link(box: SVGGElement, label: string): void {
    box.setAttribute('tabindex', '0')
    box.setAttribute('role', 'link')
    box.setAttribute('aria-label', `${label}: go to its line`)
    const follow = () => this.follow(nameOf(box))
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

function nameOf(box: SVGGElement): string {
  return box.dataset.name ?? ''
}
