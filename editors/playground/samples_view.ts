import { bytesOf } from '../../runtime/page/answer.js'
import type { EncodedPhoto, SampleBirds } from './birds/sample_birds.js'
import { byId } from './page.js'

/** Shows the sample photos as buttons; `choose` is called with the selected one. */
export function showSamples({ photos, classes }: SampleBirds, choose: (photo: EncodedPhoto) => void): void {
  byId('samples', HTMLElement).replaceChildren(
    ...photos.map((photo) => {
      const button = document.createElement('button')
      const image = document.createElement('img')
      image.src = `data:image/jpeg;base64,${photo.base64}`
      image.alt = `a ${classes[photo.label] ?? 'bird'}`
      button.append(image)
      button.addEventListener('click', () => choose(photo))
      return button
    }),
  )
}

export async function imageOf(photo: EncodedPhoto): Promise<ImageBitmap> {
  return createImageBitmap(new Blob([await bytesOf(photo.base64)]))
}
