/**
 * The page's own code: runs the exported file on ONNX Runtime's WebAssembly, and shows what it answers about a picture.
 * Everything is in the page's folder; it also works when it is opened from a disk, where neither modules nor files can be fetched.
 */
import { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm'

/** What model.js and wasm.js put there. */
declare const wsbanPage: { readonly model: string; readonly classes: readonly string[] }
declare const wsbanRuntime: string

const shownClasses = 5

interface Answer {
  readonly probabilities: Float32Array
  readonly box?: Float32Array
  readonly attention?: { readonly values: Float32Array; readonly height: number; readonly width: number }
  readonly milliseconds: number
}

let picture: ImageBitmap | undefined
let answer: Answer | undefined

function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${id}`)
}

async function bytesOf(base64: string): Promise<Uint8Array> {
  const response = await fetch(`data:application/octet-stream;base64,${base64}`)
  return new Uint8Array(await response.arrayBuffer())
}

async function load(): Promise<InferenceSession> {
  // One thread: more need headers that only a server can send.
  env.wasm.numThreads = 1
  env.wasm.wasmBinary = await bytesOf(wsbanRuntime)
  return InferenceSession.create(await bytesOf(wsbanPage.model), { executionProviders: ['wasm'] })
}

/** Decoded RGB as the file wants it: uint8 [1, height, width, 3]. */
function pixelsOf(image: ImageBitmap): Uint8Array {
  const canvas = new OffscreenCanvas(image.width, image.height)
  const context = canvas.getContext('2d')
  if (!context) throw new Error('this browser cannot read pictures')
  // What is transparent becomes white.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, image.width, image.height)
  context.drawImage(image, 0, 0)
  const { data } = context.getImageData(0, 0, image.width, image.height)
  const pixels = new Uint8Array(image.width * image.height * 3)
  for (let pixel = 0; pixel < image.width * image.height; pixel++)
    pixels.set(data.subarray(pixel * 4, pixel * 4 + 3), pixel * 3)
  return pixels
}

async function ask(session: InferenceSession, image: ImageBitmap): Promise<Answer> {
  const began = performance.now()
  const results = await session.run({ image: new Tensor('uint8', pixelsOf(image), [1, image.height, image.width, 3]) })
  const floats = (name: string) => {
    const data = results[name]?.data
    return data instanceof Float32Array ? data : undefined
  }
  const [prediction = 'probabilities'] = session.outputNames
  const probabilities = floats(prediction)
  if (!probabilities) throw new Error('the model gave no probabilities')
  const [box, values] = [floats('boxes'), floats('attention')]
  const [, height = 1, width = 1] = results.attention?.dims ?? []
  return {
    probabilities,
    milliseconds: performance.now() - began,
    ...(box && { box }),
    ...(values && { attention: { values, height, width } }),
  }
}

function show(): void {
  if (!picture || !answer) return
  const result = element('result', HTMLElement)
  result.hidden = false
  if (answer.box) result.dataset.box = [...answer.box].join(' ')
  drawSeen(picture, answer)
  drawPart(picture, answer)
  const best = [...answer.probabilities.entries()].sort(([, a], [, b]) => b - a).slice(0, shownClasses)
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

function drawSeen(image: ImageBitmap, { attention, box }: Answer): void {
  const canvas = element('seen', HTMLCanvasElement)
  ;[canvas.width, canvas.height] = [image.width, image.height]
  const context = canvas.getContext('2d')
  if (!context) return
  context.drawImage(image, 0, 0)
  if (attention && element('heat', HTMLInputElement).checked) {
    context.imageSmoothingQuality = 'high'
    context.drawImage(heatmap(attention), 0, 0, image.width, image.height)
  }
  const [y1, x1, y2, x2] = box ?? []
  if (y1 === undefined || x1 === undefined || y2 === undefined || x2 === undefined) return
  const line = Math.max(2, Math.min(image.width, image.height) / 100)
  for (const [colour, width] of [
    ['#000a', line * 2],
    ['#fff', line],
  ] as const) {
    context.strokeStyle = colour
    context.lineWidth = width
    context.strokeRect(x1 * image.width, y1 * image.height, (x2 - x1) * image.width, (y2 - y1) * image.height)
  }
}

/** The stronger the redder, and the less transparent. */
function heatmap({ values, height, width }: NonNullable<Answer['attention']>): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height)
  const largest = values.reduce((most, value) => Math.max(most, value), 1e-12)
  const pixels = new ImageData(width, height)
  values.forEach((value, cell) => {
    const share = Math.max(0, value) / largest
    pixels.data.set([255, 220 * share ** 2, 40, 190 * share], cell * 4)
  })
  canvas.getContext('2d')?.putImageData(pixels, 0, 0)
  return canvas
}

function drawPart(image: ImageBitmap, { box }: Answer): void {
  element('part', HTMLElement).hidden = !box
  const [y1 = 0, x1 = 0, y2 = 1, x2 = 1] = box ?? []
  const canvas = element('crop', HTMLCanvasElement)
  const [width, height] = [(x2 - x1) * image.width, (y2 - y1) * image.height]
  canvas.width = 320
  canvas.height = Math.max(1, Math.round((320 * height) / Math.max(1, width)))
  canvas
    .getContext('2d')
    ?.drawImage(image, x1 * image.width, y1 * image.height, width, height, 0, 0, canvas.width, canvas.height)
}

function say(text: string): void {
  element('status', HTMLElement).textContent = text
}

async function look(session: InferenceSession, file: Blob): Promise<void> {
  try {
    picture = await createImageBitmap(file)
  } catch {
    say('This is no picture that the browser can read.')
    return
  }
  say('Looking …')
  try {
    answer = await ask(session, picture)
    say(
      `${picture.width} x ${picture.height} pixels, ${answer.milliseconds.toFixed(0)} ms. The picture has not left this page.`,
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
