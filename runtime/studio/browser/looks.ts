import { wholeImage } from '../../../compiler/graph/view.js'
import { drawPart, drawSeen } from '../../page/drawing.js'
import { percent } from '../../report/format.js'
import { html, type Markup } from '../../report/markup.js'
import type { RunState, ShownAnswer } from '../state.js'
import { element, show } from './elements.js'
import { answersAt, bitmapOf, imageAddress } from './requests.js'

/** How long each epoch is shown during playback, in milliseconds. */
const pause = 700

/** The same images at the end of each epoch, with map and crop. */
export class Looks {
  private run: RunState | undefined
  /** The epoch shown; undefined to follow the newest one. */
  private chosen: number | undefined
  private readonly bitmaps = new Map<string, Promise<ImageBitmap>>()
  private readonly answers = new Map<string, Promise<ShownAnswer[]>>()
  private playing: number | undefined
  /** Identifies the run and epoch that are drawn. */
  private drawn = ''

  constructor() {
    const slider = element('epoch', HTMLInputElement)
    slider.addEventListener('input', () => {
      this.endPlaying()
      this.choose(Number(slider.value))
    })
    element('play', HTMLButtonElement).addEventListener('click', () => {
      if (this.playing === undefined) this.play()
      else this.endPlaying()
    })
  }

  /** Shows the current state of the run. */
  update(run: RunState): void {
    if (this.run?.id !== run.id) {
      this.endPlaying()
      this.chosen = undefined
    }
    this.run = run
    const { shown } = run
    const epochs = shown?.epochs ?? []
    element('look-note', HTMLElement).textContent =
      shown?.problem !== undefined
        ? `The images cannot be shown: ${shown.problem}`
        : epochs.length === 0
          ? 'The same images of the validation split after each epoch; the first answers are on their way.'
          : 'The same images of the validation split after each epoch, with attention map, crop box and crop.'
    element('epochs', HTMLElement).hidden = epochs.length < 2
    const slider = element('epoch', HTMLInputElement)
    slider.max = String(Math.max(0, epochs.length - 1))
    const place = Math.min(this.chosen ?? epochs.length - 1, epochs.length - 1)
    slider.value = String(Math.max(0, place))
    const epoch = epochs[place]
    slider.setAttribute('aria-valuetext', `epoch ${epoch ?? 0}`)
    element('epoch-shown', HTMLElement).textContent = epoch === undefined ? '' : `after epoch ${epoch} of ${run.epochs}`
    void this.draw(run, epoch)
  }

  private choose(place: number): void {
    const last = (this.run?.shown?.epochs.length ?? 0) - 1
    this.chosen = place >= last ? undefined : place
    if (this.run) this.update(this.run)
  }

  private play(): void {
    let place = 0
    const step = () => {
      const count = this.run?.shown?.epochs.length ?? 0
      if (place >= count) return this.endPlaying()
      this.choose(place++)
    }
    this.playing = window.setInterval(step, pause)
    element('play', HTMLButtonElement).textContent = 'Pause'
    step()
  }

  private endPlaying(): void {
    window.clearInterval(this.playing)
    this.playing = undefined
    element('play', HTMLButtonElement).textContent = 'Play'
  }

  private async draw(run: RunState, epoch: number | undefined): Promise<void> {
    const images = run.shown?.images ?? []
    const list = element('nine', HTMLElement)
    const wanted = JSON.stringify([run.id, epoch, images.length])
    if (wanted === this.drawn) return
    this.drawn = wanted
    if (epoch === undefined) {
      list.replaceChildren()
      return
    }
    try {
      const [answers, bitmaps] = await Promise.all([
        this.once(this.answers, `${run.id} ${epoch}`, () => answersAt(run.id, epoch)),
        Promise.all(
          images.map(({ index }) =>
            this.once(this.bitmaps, `${run.id} ${index}`, () => bitmapOf(imageAddress(run.id, index))),
          ),
        ),
      ])
      // Another epoch was chosen in the meantime.
      if (wanted !== this.drawn) return
      if (list.children.length !== images.length)
        list.replaceChildren(...images.map(() => document.createElement('li')))
      images.forEach(({ label }, place) => {
        const [item, answer, bitmap] = [list.children[place], answers[place], bitmaps[place]]
        if (item && answer && bitmap) drawLook(item, label, answer, bitmap)
      })
    } catch (error) {
      this.drawn = ''
      element('look-note', HTMLElement).textContent =
        `The images cannot be shown: ${error instanceof Error ? error.message : String(error)}`
    }
  }

  /** A request that failed is made again the next time. */
  private once<T>(kept: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
    const before = kept.get(key)
    if (before) return before
    const result = ask()
    kept.set(key, result)
    result.catch(() => kept.delete(key))
    return result
  }
}

function drawLook(item: Element, label: string | undefined, answer: ShownAnswer, bitmap: ImageBitmap): void {
  const [first] = answer.classes
  const right = first?.name === label
  const judged = first && label !== undefined ? (right ? 'right' : 'wrong') : ''
  item.className = `${judged}${answer.box ? '' : ' whole-only'}`
  show(
    item,
    html`<div class="pair"><canvas role="img" aria-label="${label ?? 'the image'} with attention map and crop box"></canvas>${answer.box ? html`<canvas role="img" aria-label="the crop"></canvas>` : ''}</div>
<p>${label === undefined ? '' : html`<b>${label}</b><br>`}${first ? answered(first, label) : ''}${answer.others.map((text) => html`<br>${text}`)}</p>`,
  )
  const [seen, crop] = Array.from(item.querySelectorAll('canvas'))
  if (seen) drawAnswer(seen, bitmap, answer)
  if (crop && answer.box) drawPart(crop, bitmap, { box: answer.box })
}

/** The most probable class, beside the true one where that is known. */
function answered({ name, probability }: ShownAnswer['classes'][number], label: string | undefined): Markup {
  if (label === undefined) return html`${name}, ${percent(probability)}`
  const right = name === label
  return html`<span class="${right ? 'good' : 'bad'}">${right ? 'right' : `as ${name}`}</span>, ${percent(probability)}`
}

/** Draws map and box over the image. */
export function drawAnswer(canvas: HTMLCanvasElement, image: ImageBitmap, { box, map }: ShownAnswer): void {
  const seen = { ...(box && { box }), ...(map && { attention: map }) }
  drawSeen(canvas, image, seen, true, map?.view ?? wholeImage)
}
