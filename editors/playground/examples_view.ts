import { type Example, examples, isTiny } from './library.js'
import { element } from './markdown.js'
import { byId } from './page.js'

/** Connects the list of examples with its button; `choose` is called with the selected one. */
export function openExamples(choose: (example: Example) => void): void {
  const dialog = byId('examples', HTMLDialogElement)
  const list = byId('example-list', HTMLElement)
  const search = byId('example-search', HTMLInputElement)
  const items = examples.map((example) => {
    const item = element('li')
    const button = element('button', 'example')
    button.append(element('strong', '', example.name), element('span', '', example.about))
    if (isTiny(example)) button.append(element('em', '', 'trains on this page'))
    button.addEventListener('click', () => {
      dialog.close()
      choose(example)
    })
    item.append(button)
    return { example, item }
  })
  list.replaceChildren(...items.map(({ item }) => item))
  search.addEventListener('input', () => {
    const wanted = search.value.toLowerCase()
    for (const { example, item } of items)
      item.hidden = !`${example.name} ${example.about}`.toLowerCase().includes(wanted)
  })
  byId('choose-example', HTMLElement).addEventListener('click', () => dialog.showModal())
  byId('close-examples', HTMLElement).addEventListener('click', () => dialog.close())
}
