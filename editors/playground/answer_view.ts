import type { View } from '../../compiler/graph/view.js'
import type { Answer } from '../../runtime/page/answer.js'
import { drawPart, drawSeen } from '../../runtime/page/drawing.js'
import { element } from './markdown.js'
import { byId } from './page.js'

const shownClasses = 5

export interface ShownAnswer {
  readonly image: ImageBitmap
  readonly answer: Answer
  readonly view: View
  /** The class names in the order of the logits; undefined shows indices. */
  readonly classes: readonly string[] | undefined
}

/** Shows the model's prediction for a photo. */
export class AnswerView {
  private shown: ShownAnswer | undefined

  constructor() {
    byId('heat', HTMLInputElement).addEventListener('change', () => this.draw())
  }

  show(shown: ShownAnswer): void {
    this.shown = shown
    byId('result', HTMLElement).hidden = false
    this.draw()
    const { probabilities } = shown.answer
    const best = [...probabilities.entries()].sort(([, a], [, b]) => b - a).slice(0, shownClasses)
    byId('classes', HTMLElement).replaceChildren(
      ...best.map(([index, share]) => {
        const line = element('li', '', shown.classes?.[index] ?? `class ${index}`)
        const bar = element('i')
        bar.style.width = `${share * 100}%`
        line.append(element('span', '', `${(share * 100).toFixed(1)} %`), bar)
        return line
      }),
    )
  }

  /** Removes an outdated prediction. */
  clear(): void {
    this.shown = undefined
    byId('result', HTMLElement).hidden = true
  }

  private draw(): void {
    if (!this.shown) return
    const { image, answer, view } = this.shown
    drawSeen(byId('seen', HTMLCanvasElement), image, answer, byId('heat', HTMLInputElement).checked, view)
    byId('part', HTMLElement).hidden = !answer.box
    drawPart(byId('crop', HTMLCanvasElement), image, answer)
  }
}
