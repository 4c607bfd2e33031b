/**
 * The page's own code: runs the exported file on ONNX Runtime's WebAssembly, and shows what it answers about an image.
 * Everything is in the page's folder; it also works when it is opened from a disk, where neither modules nor files can be fetched.
 */

import { env, InferenceSession } from 'onnxruntime-web/wasm'
import type { View } from '../../compiler/graph/view.js'
import { tempered } from '../inference/temperature.js'
import { type Answer, ask, bytesOf } from './answer.js'
import { drawPart, drawSeen } from './drawing.js'

/** Globals that model.js and wasm.js define. */
declare const wsbanPage: {
  readonly model: string
  readonly classes: readonly string[]
  readonly view: View
  readonly calibration: { readonly temperature: number; readonly threshold: number } | null
}
declare const wsbanRuntime: string

const shownClasses = 5

let image: ImageBitmap | undefined
let answer: Answer | undefined

function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${id}`)
}

async function load(): Promise<InferenceSession> {
  // One thread: more need headers that only a server can send.
  env.wasm.numThreads = 1
  env.wasm.wasmBinary = await bytesOf(wsbanRuntime)
  return InferenceSession.create(await bytesOf(wsbanPage.model), { executionProviders: ['wasm'] })
}

function show(): void {
  if (!image || !answer) return
  const result = element('result', HTMLElement)
  result.hidden = false
  if (answer.box) result.dataset.box = [...answer.box].join(' ')
  drawSeen(element('seen', HTMLCanvasElement), image, answer, element('heat', HTMLInputElement).checked, wsbanPage.view)
  element('part', HTMLElement).hidden = !answer.box
  drawPart(element('crop', HTMLCanvasElement), image, answer)
  const { calibration } = wsbanPage
  const probabilities = calibration ? tempered(answer.probabilities, calibration.temperature) : answer.probabilities
  element('unknown', HTMLElement).hidden = !calibration || Math.max(...probabilities) >= calibration.threshold
  const best = [...probabilities.entries()].sort(([, a], [, b]) => b - a).slice(0, shownClasses)
  element('classes', HTMLElement).replaceChildren(...best.map(([index, share]) => classLine(index, share)))
}

function classLine(index: number, share: number): HTMLElement {
  const percent = `${(share * 100).toFixed(1)} %`
  const [line, number, bar, filled] = ['li', 'span', 'div', 'i'].map((tag) => document.createElement(tag))
  if (!line || !number || !bar || !filled) throw new Error('no elements')
  number.textContent = percent
  filled.style.width = `${share * 100}%`
  bar.append(filled)
  line.append(number, wsbanPage.classes[index] ?? `class ${index}`, bar)
  return line
}

function say(text: string): void {
  element('status', HTMLElement).textContent = text
}

async function look(session: InferenceSession, file: Blob): Promise<void> {
  try {
    image = await createImageBitmap(file)
  } catch {
    say('The browser cannot read this file as an image.')
    return
  }
  say('Running the model …')
  try {
    answer = await ask(session, image)
    say(
      `${image.width} x ${image.height} pixels, ${answer.milliseconds.toFixed(0)} ms. The image has not left this page.`,
    )
    show()
  } catch (error) {
    say(`The model could not be run: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function main(): Promise<void> {
  const began = performance.now()
  const session = await load()
  say(`Ready after ${((performance.now() - began) / 1000).toFixed(1)} s.`)
  const input = element('file', HTMLInputElement)
  const drop = element('drop', HTMLElement)
  input.addEventListener('change', () => {
    const file = input.files?.[0]
    if (file) void look(session, file)
  })
  element('heat', HTMLInputElement).addEventListener('change', show)
  for (const name of ['dragover', 'dragleave', 'drop'] as const)
    document.addEventListener(name, (event) => {
      event.preventDefault()
      drop.classList.toggle('over', name === 'dragover')
      const file = name === 'drop' ? event.dataTransfer?.files[0] : undefined
      if (file) void look(session, file)
    })
}

main().catch((error: unknown) => {
  say(`The model could not be loaded: ${error instanceof Error ? error.message : String(error)}`)
})
