import { drawSeen } from './drawing.js'
import { create, element } from './element.js'
import type { Photo, Photos } from './photos.js'
import type { PageSettings } from './settings.js'
import { percentText, type ShownClass, type Verdict, verdictOf } from './verdict.js'

/** Shows the selected photo: where the model looked, and what it answered. Nothing of an earlier photo stays. */
export class ResultView {
  private readonly result = element('result', HTMLElement)
  private readonly seen = element('seen', HTMLCanvasElement)
  private readonly crop = element('crop', HTMLCanvasElement)
  private readonly heat = element('heat', HTMLInputElement)

  constructor(
    private readonly settings: PageSettings,
    private readonly photos: Photos,
  ) {
    this.heat.addEventListener('change', () => this.show())
  }

  show(): void {
    const { selected: photo } = this.photos
    this.result.hidden = !photo
    const state = photo?.state
    const verdict = state?.kind === 'answered' ? verdictOf(state.answer, this.settings) : undefined
    announce(verdict)
    if (!photo || !state) return
    this.result.setAttribute('aria-busy', String(state.kind === 'waiting' || state.kind === 'decoded'))
    this.result.dataset.state = state.kind
    element('problem', HTMLElement).hidden = state.kind !== 'failed'
    element('problem', HTMLElement).textContent = state.kind === 'failed' ? state.problem.message : ''
    element('photo-name', HTMLElement).textContent = photo.name
    this.showPhoto(photo)
    this.showAnswer(verdict)
    this.showCrop(photo)
  }

  private showPhoto({ name, state }: Photo): void {
    const { photo } = this.photos.shown
    element('image', HTMLElement).hidden = !photo
    const answer = state.kind === 'answered' ? state.answer : undefined
    element('heat-label', HTMLElement).hidden = !answer?.attention
    if (answer?.box) this.result.dataset.box = [...answer.box].join(' ')
    else delete this.result.dataset.box
    if (!photo) return
    drawSeen(this.seen, photo.shown, answer ?? {}, this.heat.checked, this.settings.view)
    element('image', HTMLElement).style.setProperty('--ratio', String(photo.width / photo.height))
    const marked = answer?.attention && this.heat.checked ? ' with the attention map and the box of the crop' : ''
    this.seen.setAttribute('aria-label', `${name}${marked}`)
  }

  private showAnswer(verdict: Verdict | undefined): void {
    const unknown = element('unknown', HTMLElement)
    unknown.hidden = verdict?.known !== false
    const { calibration } = this.settings
    if (calibration)
      element('unknown-reason', HTMLElement).textContent =
        `The model is less sure than of ${Math.round(calibration.kept * 100)} % of the images that it was checked on.`
    element('answer', HTMLElement).hidden = !verdict
    const [best] = verdict?.classes ?? []
    element('best', HTMLElement).textContent = best?.name ?? ''
    element('best', HTMLElement).title = best?.label ?? ''
    element('probability', HTMLElement).textContent = best ? percentText(best.probability) : ''
    element('label', HTMLElement).textContent = best && best.label !== best.name ? best.label : ''
    element('classes', HTMLElement).replaceChildren(...(verdict?.classes.map(classLine) ?? []))
  }

  private showCrop({ state }: Photo): void {
    const { crop } = this.photos.shown
    element('part', HTMLElement).hidden = !crop || state.kind !== 'answered'
    if (!crop) return
    ;[this.crop.width, this.crop.height] = [crop.width, crop.height]
    this.crop.getContext('2d')?.drawImage(crop, 0, 0)
  }
}

/** Screen readers speak what changes in an element that was there before, and the answer's own elements are hidden until there is one. */
function announce(verdict: Verdict | undefined): void {
  const [best] = verdict?.classes ?? []
  const answer = best ? `${best.name}, ${percentText(best.probability)}` : ''
  const text = verdict?.known === false ? `Perhaps none of the classes. ${answer}` : answer
  const announcement = element('announcement', HTMLElement)
  // Writing the same text again, when only the attention map is switched, would be spoken again.
  if (announcement.textContent !== text) announcement.textContent = text
}

function classLine({ name, label, probability }: ShownClass): HTMLElement {
  const filled = create('i', '')
  filled.style.width = `${probability * 100}%`
  const line = create(
    'li',
    '',
    create('span', 'name', name),
    create('span', 'percent', percentText(probability)),
    create('div', 'bar', filled),
  )
  line.title = label
  return line
}
