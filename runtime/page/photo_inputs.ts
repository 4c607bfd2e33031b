import { element } from './element.js'

export interface PhotoFile {
  readonly file: Blob
  readonly name: string
}

/** Accepts photos that are chosen, taken with the camera, dropped anywhere on the page, or pasted. */
export function acceptPhotos(take: (photos: readonly PhotoFile[]) => void): void {
  const takeFiles = (files: FileList | undefined | null) =>
    take(Array.from(files ?? [], (file) => ({ file, name: file.name })))
  for (const [button, id] of [
    ['choose-photos', 'file'],
    ['take-photo', 'camera'],
  ] as const) {
    const input = element(id, HTMLInputElement)
    element(button, HTMLButtonElement).addEventListener('click', () => input.click())
    input.addEventListener('change', () => {
      takeFiles(input.files)
      // Allows the same photo to be chosen again.
      input.value = ''
    })
  }
  const drop = element('choose', HTMLElement)
  for (const name of ['dragover', 'dragleave', 'drop'] as const)
    document.addEventListener(name, (event) => {
      event.preventDefault()
      drop.classList.toggle('over', name === 'dragover')
      if (name === 'drop') takeFiles(event.dataTransfer?.files)
    })
  document.addEventListener('paste', (event) => takeFiles(event.clipboardData?.files))
}
