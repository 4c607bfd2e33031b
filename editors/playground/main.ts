/** The playground: a model's text on one side; its code, its ONNX file and what that answers on the other. Nothing leaves the page. */
import type { EditorView } from '@codemirror/view'
import { neededOf } from '../../compiler/compile.js'
import { fold } from '../../compiler/diagram/fold.js'
import { svgOf } from '../../compiler/diagram/svg.js'
import type { Graph } from '../../compiler/graph/graph.js'
import { viewOf, wholeImage } from '../../compiler/graph/view.js'
import type { GeneratedFile } from '../../compiler/targets/tfjs/emit.js'
import { format } from '../../grammar/format.js'
import { exportOnnx, type OnnxFile } from '../../runtime/compiler_api/onnx.js'
import type { Answer } from '../../runtime/page/answer.js'
import { drawPart, drawSeen } from '../../runtime/page/drawing.js'
import { lensesOf } from '../language/annotations.js'
import { type Analysis, Workspace } from '../language/workspace.js'
import { openEditor } from './editor.js'
import { examples, library, source, textOf } from './library.js'
import { element } from './markdown.js'
import { part } from './parts.js'
import { type LoadedWeights, loadWeights } from './weights.js'

const seed = 1
const first = 'wsban_tiny'
const shownClasses = 5
/** Milliseconds after the last key. */
const pauseBeforeDrawing = 250

const workspace = new Workspace(library)
let analysis: Analysis | undefined
let drawing: ReturnType<typeof setTimeout> | undefined
let weights: LoadedWeights | undefined
let image: ImageBitmap | undefined
let answer: Answer | undefined
let view = wholeImage
let made:
  | { readonly analysis: Analysis; readonly weights: LoadedWeights | undefined; readonly onnx: OnnxFile }
  | undefined

function byId<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${id}`)
}

function say(text: string): void {
  byId('status', HTMLElement).textContent = text
}

/** Runs a button's action and shows its errors. */
async function doing(title: string, work: () => Promise<void>): Promise<void> {
  say(`${title} …`)
  try {
    // Let the page show it before the work begins.
    await new Promise((settle) => setTimeout(settle, 20))
    await work()
  } catch (error) {
    say(`That did not work: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function changed(now: Analysis): void {
  analysis = now
  const errors = now.diagnostics.filter(({ severity }) => severity === 'error').length
  const [size] = lensesOf(now)
  const without = now.file.models.length === 0 ? 'blocks only' : 'no model yet'
  const text = errors > 0 ? `${errors} mistake${errors === 1 ? '' : 's'}` : (size?.text ?? without)
  const summary = byId('summary', HTMLElement)
  summary.textContent = text
  summary.classList.toggle('wrong', errors > 0)
  for (const id of ['write-tfjs', 'write-pytorch', 'download', 'choose-image'])
    byId(id, HTMLElement).toggleAttribute('disabled', !now.whole)
  byId('stale', HTMLElement).hidden = byId('files', HTMLElement).childElementCount === 0
  clearTimeout(drawing)
  drawing = setTimeout(draw, pauseBeforeDrawing)
}

/** The last figure stays while the text has mistakes. */
function draw(): void {
  if (analysis?.whole) drawFigure(byId('figure', HTMLImageElement), graphOf(analysis))
}

function graphOf(now: Analysis | undefined) {
  if (!now?.whole) throw new Error('the model has mistakes')
  return neededOf(now.whole)
}

/** The editor's text as the compiler takes it. */
function specOf(now: Analysis | undefined) {
  if (!now?.whole) throw new Error('the model has mistakes')
  return { name: source, text: now.text }
}

async function writeTfjs(): Promise<void> {
  const spec = specOf(analysis)
  const { compile } = await part('code')
  showFiles((await compile(spec, { target: 'tfjs' })).files, '.ts')
  say('TensorFlow.js code, as wsban train runs it.')
}

async function writePytorch(): Promise<void> {
  const spec = specOf(analysis)
  const { compile } = await part('code')
  showFiles((await compile(spec, { target: 'pytorch' })).files, '.py')
  say('PyTorch code, as wsban compile --target pytorch writes it.')
}

/** The files of one language, the first one open. */
function showFiles(files: readonly GeneratedFile[], ending: string): void {
  byId('files', HTMLElement).replaceChildren(
    ...files
      .filter(({ path }) => path.endsWith(ending))
      .map(({ path, text }, index) => {
        const file = document.createElement('details')
        file.open = index === 0
        file.append(element('summary', '', path), element('pre', 'code', text))
        return file
      }),
  )
  byId('stale', HTMLElement).hidden = true
}

/** The file of the model as it is now; made once for each text and weights. */
async function onnxNow(): Promise<OnnxFile> {
  const now = analysis
  if (made && made.analysis === now && made.weights === weights) return made.onnx
  const { onnx } = await exportOnnx(specOf(now), { seed, ...(weights && { weights: weights.bytes }) })
  if (!now || !onnx) throw new Error('there is no model')
  made = { analysis: now, weights, onnx }
  return onnx
}

function about({ bytes, nodes, random, parameters }: OnnxFile): string {
  const loaded = parameters.length - random.length
  const origin =
    loaded === 0 ? `random weights, seed ${seed}` : `${loaded} of ${parameters.length} weights from the file`
  return `${(bytes.length / 1e6).toFixed(1)} MB, ${nodes} nodes, ${origin}`
}

async function download(): Promise<void> {
  const onnx = await onnxNow()
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([onnx.bytes]))
  link.download = `${analysis?.file.models[0]?.name.text ?? 'model'}.onnx`
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  say(`${link.download}: ${about(onnx)}.`)
}

async function look(): Promise<void> {
  if (!image) return
  const onnx = await onnxNow()
  const { answer: run } = await part('run')
  answer = await run(onnx.bytes, image)
  view = viewOf(graphOf(analysis).image.steps)
  show()
  say(`${answer.milliseconds.toFixed(0)} ms for ${image.width} x ${image.height} pixels; ${about(onnx)}.`)
}

function show(): void {
  if (!image || !answer) return
  byId('result', HTMLElement).hidden = false
  drawSeen(byId('seen', HTMLCanvasElement), image, answer, byId('heat', HTMLInputElement).checked, view)
  byId('part', HTMLElement).hidden = !answer.box
  drawPart(byId('crop', HTMLCanvasElement), image, answer)
  const best = [...answer.probabilities.entries()].sort(([, a], [, b]) => b - a).slice(0, shownClasses)
  byId('classes', HTMLElement).replaceChildren(
    ...best.map(([index, share]) => {
      const line = element('li', '', `class ${index}`)
      const bar = element('i')
      bar.style.width = `${share * 100}%`
      line.append(element('span', '', `${(share * 100).toFixed(1)} %`), bar)
      return line
    }),
  )
}

/** An image is looked at, a safetensors file is loaded. */
async function take(file: File): Promise<void> {
  if (file.name.endsWith('.safetensors')) {
    weights = loadWeights(file.name, new Uint8Array(await file.arrayBuffer()))
    byId('weights', HTMLElement).textContent = `${file.name}: ${weights.tensors} tensors`
    say('Weights go by their names; what the file lacks is random.')
    if (image) await look()
    return
  }
  image = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name} is neither an image that the browser can read nor a .safetensors file`)
  })
  await look()
}

function write(view: EditorView, text: string): void {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, scrollIntoView: true })
}

function main(): void {
  const choice = byId('example', HTMLSelectElement)
  for (const name of examples) choice.append(new Option(name, name, name === first, name === first))
  const view = openEditor(workspace, byId('editor', HTMLElement), textOf(first) ?? '', changed)
  choice.addEventListener('change', () => write(view, textOf(choice.value) ?? ''))
  const press = (id: string, title: string, work: () => Promise<void>) =>
    byId(id, HTMLElement).addEventListener('click', () => void doing(title, work))
  press('write-tfjs', 'Writing', writeTfjs)
  press('write-pytorch', 'Writing', writePytorch)
  press('download', 'Making the file', download)
  byId('format', HTMLElement).addEventListener('click', () =>
    write(view, format(source, view.state.doc.toString()).text),
  )
  byId('choose-image', HTMLElement).addEventListener('click', () => byId('file', HTMLInputElement).click())
  byId('heat', HTMLInputElement).addEventListener('change', show)
  const input = byId('file', HTMLInputElement)
  input.addEventListener('change', () => {
    const file = input.files?.[0]
    if (file) void doing('Looking', () => take(file))
  })
  for (const name of ['dragover', 'drop'] as const)
    document.addEventListener(name, (event) => {
      const file = event.dataTransfer?.files[0]
      const dragged = event.dataTransfer?.types.includes('Files') ?? false
      if (dragged) event.preventDefault()
      if (name === 'drop' && file) void doing('Looking', () => take(file))
    })
  say('Ready. Nothing that you write or drop here leaves this page.')
}

main()

/** Shows the model's figure. As an image it can neither run nor load anything. */
function drawFigure(image: HTMLImageElement, graph: Graph): void {
  const before = image.src
  image.src = URL.createObjectURL(new Blob([svgOf(fold(graph), 'auto', 'down')], { type: 'image/svg+xml' }))
  if (before.startsWith('blob:')) URL.revokeObjectURL(before)
}
