/**
 * The script of the page: shows the predictions of an exported file, which runs in a worker. All files are in the page's folder. It also works when
 * opened from a disk, where neither modules nor files can be fetched.
 */

import { element } from './element.js'
import { ListView } from './list_view.js'
import { ModelWorker } from './model_worker.js'
import { keepOffline } from './offline.js'
import { acceptPhotos } from './photo_inputs.js'
import { Photos } from './photos.js'
import { ResultView } from './result_view.js'
import { offerSamples } from './samples_view.js'
import { pageSettings } from './settings.js'

const textOf = (id: string) => element(id, HTMLScriptElement).textContent ?? ''
const settings = pageSettings.parse(JSON.parse(textOf('settings')))
const worker = new ModelWorker(textOf('worker'))
const photos: Photos = new Photos(worker, () => show())
const result = new ResultView(settings, photos)
const list = new ListView(settings, photos)

let loading:
  | { readonly kind: 'loading'; readonly share: number }
  | { readonly kind: 'ready' | 'failed'; readonly text: string } = {
  kind: 'loading',
  share: 0,
}

function show(): void {
  document.body.dataset.photos = photos.all.length === 0 ? 'none' : 'some'
  result.show()
  list.show()
  const { text, detail = '', progress } = status()
  const line = element('status', HTMLElement)
  if (line.textContent !== text) line.textContent = text
  line.title = detail
  const bar = element('progress', HTMLProgressElement)
  bar.hidden = progress === undefined
  if (progress === undefined || progress === 'unknown') bar.removeAttribute('value')
  else bar.value = progress
}

/** Returns the status line and its progress. */
function status(): { readonly text: string; readonly detail?: string; readonly progress?: number | 'unknown' } {
  if (loading.kind === 'failed') return { text: loading.text }
  const { selected } = photos
  if (loading.kind === 'loading') {
    const text = loading.share < 1 ? `Loading the model: ${Math.floor(loading.share * 100)} %` : 'Opening the model …'
    return { text, progress: loading.share < 1 ? loading.share : 'unknown' }
  }
  const state = selected?.state
  switch (state?.kind) {
    case undefined:
      return { text: loading.text }
    case 'waiting':
      return { text: 'Reading the photo …', progress: 'unknown' }
    case 'decoded':
      return { text: 'Running the model …', progress: 'unknown' }
    case 'failed':
      return { text: 'There is no answer for this file.' }
    case 'answered': {
      const { photo } = photos.shown
      if (!photo) return { text: 'Reading the photo …', progress: 'unknown' }
      const { milliseconds, modelMilliseconds } = state.answer
      const seconds = (time: number) => `${(time / 1000).toFixed(2)} s`
      return {
        text: `${photo.width} × ${photo.height} pixels, answered in ${seconds(milliseconds)}`,
        detail: `The model itself took ${seconds(modelMilliseconds)}.`,
      }
    }
  }
}

async function load(): Promise<void> {
  const began = performance.now()
  try {
    await worker.load(settings, (share) => {
      loading = { kind: 'loading', share }
      show()
    })
    const ready = `Ready after ${((performance.now() - began) / 1000).toFixed(1)} s.`
    loading = { kind: 'ready', text: ready }
    void offline(ready)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    loading = { kind: 'failed', text: `The model could not be loaded: ${reason}` }
    element('choose-photos', HTMLButtonElement).disabled = true
    element('take-photo', HTMLButtonElement).disabled = true
    element('samples', HTMLElement).hidden = true
  }
  show()
}

/** Only a page that is ready is kept: its files are in the browser's own cache by then, and are not downloaded twice. */
async function offline(ready: string): Promise<void> {
  try {
    if (!(await keepOffline())) return
    loading = { kind: 'ready', text: `${ready} The page also opens without a network.` }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    loading = { kind: 'ready', text: `${ready} It will not open without a network: ${reason}` }
  }
  show()
}

acceptPhotos((files) => photos.add(files))
offerSamples(settings.samples, (files) => photos.add(files))
show()
void load()
