import { drawPart } from '../../page/drawing.js'
import { percent } from '../../report/format.js'
import { html } from '../../report/markup.js'
import { element, show } from './elements.js'
import { drawAnswer } from './looks.js'
import { predictPhoto } from './requests.js'

/** Accepts a dropped photo and shows its prediction. @param runOf gives the run that is asked */
export function listenForPhotos(runOf: () => number | undefined): void {
  const input = element('file', HTMLInputElement)
  const drop = element('drop', HTMLElement)
  const ask = (file: File | undefined) => {
    const run = runOf()
    if (file && run !== undefined) void look(run, file)
  }
  input.addEventListener('change', () => {
    ask(input.files?.[0])
    // The same file may be chosen again, after another epoch.
    input.value = ''
  })
  for (const name of ['dragover', 'dragleave', 'drop'] as const)
    document.addEventListener(name, (event) => {
      event.preventDefault()
      drop.classList.toggle('over', name === 'dragover')
      if (name === 'drop') ask(event.dataTransfer?.files[0])
    })
}

async function look(run: number, file: File): Promise<void> {
  const status = element('photo-status', HTMLElement)
  const result = element('answer', HTMLElement)
  status.textContent = `Looking at ${file.name} …`
  try {
    const { answer, jpeg, checkpoint } = await predictPhoto(run, file)
    const response = await fetch(`data:image/jpeg;base64,${jpeg}`)
    const image = await createImageBitmap(await response.blob())
    drawAnswer(element('photo-seen', HTMLCanvasElement), image, answer)
    const crop = element('photo-crop', HTMLCanvasElement)
    crop.hidden = !answer.box
    if (answer.box) drawPart(crop, image, { box: answer.box })
    element('photo-unknown', HTMLElement).hidden = answer.known !== false
    show(
      element('photo-classes', HTMLElement),
      html`<table class="branches joint"><tbody>${answer.classes.map(({ name, probability }) => html`<tr><th scope="row">${name}</th><td><div class="bar"><i style="width:${(100 * probability).toFixed(1)}%"></i></div></td><td class="number">${percent(probability)}</td></tr>`)}</tbody></table>${answer.others.map((text) => html`<p>${text}</p>`)}`,
    )
    result.hidden = false
    status.textContent = `${file.name}, by ${checkpoint}`
  } catch (error) {
    result.hidden = true
    status.textContent = `${file.name}: ${error instanceof Error ? error.message : String(error)}`
  }
}
