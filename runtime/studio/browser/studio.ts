/** The page of the studio: follows the server's events and shows the runs. */

import { html } from '../../report/markup.js'
import { type StudioState, studioState } from '../state.js'
import { confused } from './confused.js'
import { comparison, curves } from './curves.js'
import { element, show } from './elements.js'
import { Looks } from './looks.js'
import { listenForPhotos } from './photo.js'
import { changeTraining } from './requests.js'
import { runList, standing } from './standing.js'

let state: StudioState = { runs: [] }
/** The run that is shown. */
let chosen = 0
let events: EventSource | undefined
const looks = new Looks()

function say(text: string): void {
  element('connection', HTMLElement).textContent = text
}

/** The server evaluates the watched images of the displayed run only. */
function connect(): void {
  events?.close()
  events = new EventSource(`events?run=${chosen}`)
  events.onmessage = ({ data }) => {
    state = studioState.parse(JSON.parse(data))
    say('Shows runs while they train, and where the model looks.')
    render()
  }
  events.onerror = () => say('The studio has ended, or is not reached; the page tries again.')
}

function render(): void {
  const { runs } = state
  show(element('runs', HTMLElement), runList(runs, chosen))
  const compared = comparison(runs)
  const place = element('comparison', HTMLElement)
  place.hidden = compared.text === ''
  show(place, compared)
  const run = runs[chosen]
  element('one', HTMLElement).hidden = !run
  document.title = run ? `${run.name} · wsban studio` : 'wsban studio'
  if (!run) return
  show(element('standing', HTMLElement), standing(run))
  show(element('curves', HTMLElement), curves(run))
  show(element('confused', HTMLElement), run.confused ? confused(run) : html``)
  looks.update(run)
}

document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('button') : undefined
  const { run, action } = button?.dataset ?? {}
  if (run !== undefined) {
    chosen = Number(run)
    render()
    connect()
  }
  if (action === 'stop' || action === 'resume')
    changeTraining(chosen, action).catch((error: unknown) =>
      say(error instanceof Error ? error.message : String(error)),
    )
})
listenForPhotos(() => state.runs[chosen]?.id)
connect()
