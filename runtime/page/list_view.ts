import { create, element } from './element.js'
import type { Photo, Photos } from './photos.js'
import type { PageSettings } from './settings.js'
import { percentText, verdictOf } from './verdict.js'

/** Lists the photos with their answers, as soon as there are several. */
export class ListView {
  private readonly list = element('photos', HTMLElement)
  private readonly entries = new Map<Photo, ReturnType<typeof entryOf>>()

  constructor(
    private readonly settings: PageSettings,
    private readonly photos: Photos,
  ) {
    element('clear', HTMLButtonElement).addEventListener('click', () => {
      photos.clear()
      // The button itself is hidden now, and focus would be lost.
      element('choose-photos', HTMLButtonElement).focus()
    })
  }

  show(): void {
    const { all, selected } = this.photos
    element('list', HTMLElement).hidden = all.length < 2
    if (all.length === 0) {
      this.entries.clear()
      this.list.replaceChildren()
    }
    for (const photo of all) {
      const entry = this.entries.get(photo) ?? this.add(photo)
      if (photo.thumbnail && entry.image.firstChild !== photo.thumbnail) entry.image.replaceChildren(photo.thumbnail)
      entry.text.textContent = this.textOf(photo)
      entry.button.dataset.state = photo.state.kind
      entry.button.setAttribute('aria-pressed', String(photo === selected))
    }
  }

  private add(photo: Photo): ReturnType<typeof entryOf> {
    const entry = entryOf(photo)
    entry.button.addEventListener('click', () => {
      this.photos.select(photo)
      element('result', HTMLElement).scrollIntoView({ block: 'nearest' })
    })
    this.entries.set(photo, entry)
    this.list.append(create('li', '', entry.button))
    return entry
  }

  private textOf({ state }: Photo): string {
    switch (state.kind) {
      case 'waiting':
        return 'waiting'
      case 'decoded':
        return 'running the model'
      case 'failed':
        return 'not readable'
      case 'answered': {
        const { classes, known } = verdictOf(state.answer, this.settings)
        const [best] = classes
        return `${known === false ? 'perhaps none of the classes; ' : ''}${best.name}, ${percentText(best.probability)}`
      }
    }
  }
}

function entryOf({ name }: Photo) {
  const image = create('span', 'thumbnail')
  const text = create('span', 'text')
  const button = create('button', '', image, create('span', 'lines', create('span', 'file', name), text))
  button.type = 'button'
  return { button, image, text }
}
