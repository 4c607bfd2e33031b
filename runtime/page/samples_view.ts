import { create, element } from './element.js'
import type { PhotoFile } from './photo_inputs.js'
import type { SamplePhoto } from './settings.js'

/** Offers the sample photos of the page, if it has some. */
export function offerSamples(samples: readonly SamplePhoto[], take: (photos: readonly PhotoFile[]) => void): void {
  element('samples', HTMLElement).hidden = samples.length === 0
  element('sample-list', HTMLElement).replaceChildren(
    ...samples.map(({ name, uri }) => {
      const image = create('img', '')
      image.src = uri
      image.alt = `Sample ${name}`
      const button = create('button', '', image)
      button.type = 'button'
      button.addEventListener('click', async () => {
        const response = await fetch(uri)
        take([{ file: await response.blob(), name }])
      })
      return create('li', '', button)
    }),
  )
}
