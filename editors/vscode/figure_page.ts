/** The script of the page that shows a figure beside its text. */
import { Figure } from '../figure/figure.js'
import { type FromPage, toPage } from './figure_messages.js'

declare function acquireVsCodeApi(): { postMessage(message: FromPage): void }

const editor = acquireVsCodeApi()

function byId(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no #${id}`)
  return element
}

const state = byId('state')
const figure = new Figure(byId('figure'), (name) => editor.postMessage({ kind: 'follow', name }))
byId('enlarge').addEventListener('click', () => figure.enlarge())
byId('reduce').addEventListener('click', () => figure.reduce())
byId('fit').addEventListener('click', () => figure.fit())

window.addEventListener('message', ({ data }) => {
  const message = toPage.parse(data)
  switch (message.kind) {
    case 'figure':
      figure.show(message.svg, new Map(message.labels))
      state.textContent = message.current ? '' : 'The text has errors: this is its model before them.'
      document.body.classList.toggle('stale', !message.current)
      return
    case 'mark':
      figure.mark(new Set(message.names))
      figure.reveal()
      return
    case 'empty':
      state.textContent = message.text
  }
})
editor.postMessage({ kind: 'ready' })
