/** The playground: a model's text on one side; its prediction, figure, code and training on the other. Nothing is sent to a server. */
import { openSearchPanel } from '@codemirror/search'
import type { EditorView } from '@codemirror/view'
import { syntaxDiagnostic } from '../../compiler/analysis/modules.js'
import { neededOf } from '../../compiler/compile.js'
import { viewOf } from '../../compiler/graph/view.js'
import { format } from '../../grammar/format.js'
import { present } from '../../grammar/present.js'
import { lensesOf } from '../language/annotations.js'
import { type Analysis, Workspace } from '../language/workspace.js'
import { AnswerView } from './answer_view.js'
import { CodeView } from './code_view.js'
import { openEditor } from './editor.js'
import { openExamples } from './examples_view.js'
import { FigureView } from './figure_view.js'
import { forgetText, keepText, keptText } from './kept_text.js'
import { examples, library, source } from './library.js'
import { byId, doing, save, say } from './page.js'
import { part } from './parts.js'
import { showProblems } from './problems_view.js'
import { imageOf, showSamples } from './samples_view.js'
import { fragmentOf, textOfFragment } from './shared_text.js'
import { openTabs } from './tabs.js'
import { TrainingView } from './training_view.js'
import { birdsWeights, type LoadedWeights, loadWeights } from './weights.js'
import type { CodeRequests } from './workers/code_requests.js'
import type { FileSizes, ModelVersion, RunRequests } from './workers/run_requests.js'
import { WorkerPart } from './workers/worker_part.js'

/** The seed of weights that no file provides. */
const seed = 1
/** The initial model of the page. */
const initial = present(
  examples.find(({ name }) => name === 'wsban_tiny'),
  'wsban_tiny',
)
/** The delay after the last key, in milliseconds. */
const pauseBeforeDrawing = 250
const pauseBeforeRunning = 700
/** The duration of export and prediction, in milliseconds, up to which a changed text is run automatically. */
const shortEnough = 3000

class Playground {
  private readonly workspace = new Workspace(library)
  private readonly runWorker = new WorkerPart<RunRequests>('runWorker')
  private readonly codeWorker = new WorkerPart<CodeRequests>('codeWorker')
  private readonly answers = new AnswerView()
  private readonly code = new CodeView(this.codeWorker, () => this.spec)
  private readonly figure: FigureView
  private readonly training: TrainingView
  private readonly editor: EditorView
  private analysis: Analysis
  private weights: (LoadedWeights & { readonly number: number }) | undefined
  private weightsCount = 0
  private image: ImageBitmap | undefined
  /** The number of the last requested prediction; results of earlier ones are dropped. */
  private looks = 0
  private lastLook = 0
  private drawing: ReturnType<typeof setTimeout> | undefined
  private running: ReturnType<typeof setTimeout> | undefined

  /** Whether the URL contains the text. */
  private inAddress: boolean

  /** @param shared whether the text came from the URL: it may be someone else's, and must not replace the stored one */
  constructor(
    text: string,
    private readonly shared: boolean,
  ) {
    this.inAddress = shared
    this.analysis = this.workspace.analysis(source, text)
    this.figure = new FigureView((offset) => this.go(offset))
    this.training = new TrainingView(
      this.codeWorker,
      () => this.spec,
      async ({ name, bytes }) => {
        this.setWeights(loadWeights(name, bytes, (await part('trainingBirds')).classes))
        await this.look()
      },
    )
    this.editor = openEditor(this.workspace, byId('editor', HTMLElement), text, {
      changed: (analysis) => this.changed(analysis),
      moved: (offset) => this.figure.mark(offset),
    })
    this.show()
    this.connect()
  }

  /** The editor's text as the compiler's input; undefined while it has errors or no model. */
  private get spec() {
    return this.analysis.whole ? { name: source, text: this.analysis.text } : undefined
  }

  private connect(): void {
    const press = (id: string, work: () => void) => byId(id, HTMLElement).addEventListener('click', work)
    openExamples(({ text }) => this.write(text))
    openTabs(byId('tabs', HTMLElement), (panel) => this.code.show(panel === 'panel-code'))
    press('format', () => this.format())
    press('share', () => void doing('Making a link', () => this.share()))
    press('find', () => openSearchPanel(this.editor))
    press('start-over', () => {
      forgetText()
      history.replaceState(null, '', location.pathname)
      location.reload()
    })
    press('download', () => void doing('Making the file', () => this.download()))
    press('run', () => void doing('Looking', () => this.look()))
    press('choose-image', () => byId('file', HTMLInputElement).click())
    const input = byId('file', HTMLInputElement)
    input.addEventListener('change', () => {
      const file = input.files?.[0]
      if (file) void doing('Looking', () => this.take(file))
    })
    for (const name of ['dragover', 'drop'] as const)
      document.addEventListener(name, (event) => {
        const file = event.dataTransfer?.files[0]
        const dragged = event.dataTransfer?.types.includes('Files') ?? false
        if (dragged) event.preventDefault()
        if (name === 'drop' && file) void doing('Looking', () => this.take(file))
      })
    document.addEventListener('paste', (event) => {
      const file = event.clipboardData?.files[0]
      if (!file) return
      event.preventDefault()
      void doing('Looking', () => this.take(file))
    })
  }

  /** Loads the weights and photos of the sample birds, and predicts the first. */
  async begin(): Promise<void> {
    const birds = await part('birds')
    showSamples(birds, (photo) => doing('Looking', async () => this.seeImage(await imageOf(photo))))
    this.setWeights(await birdsWeights(birds))
    const [photo] = birds.photos
    if (photo) await this.seeImage(await imageOf(photo))
  }

  private changed(analysis: Analysis): void {
    const { text } = this.analysis
    this.analysis = analysis
    if (analysis.text === text) return
    if (this.inAddress) void fragmentOf(analysis.text).then((fragment) => history.replaceState(null, '', fragment))
    if (!this.shared && !keepText(analysis.text))
      say('This browser keeps nothing for pages: copy the text, or share a link.')
    this.answers.clear()
    byId('run', HTMLElement).hidden = this.image === undefined
    this.show()
    clearTimeout(this.running)
    if (this.image && this.lastLook < shortEnough)
      this.running = setTimeout(() => {
        if (this.spec) void doing('Looking', () => this.look())
      }, pauseBeforeRunning)
  }

  /** Updates everything but the prediction. */
  private show(): void {
    const { analysis } = this
    const count = (severity: string) => analysis.diagnostics.filter((one) => one.severity === severity).length
    const [errors, warnings] = [count('error'), count('warning')]
    byId('start-over', HTMLElement).hidden = analysis.text === initial.text
    const [size] = lensesOf(analysis)
    const without = analysis.file.models.length === 0 ? 'blocks only' : 'no model yet'
    const summary = byId('summary', HTMLElement)
    summary.textContent = errors > 0 ? counted(errors, 'error') : (size?.text ?? without)
    summary.classList.toggle('wrong', errors > 0)
    const texts = [
      ...(errors > 0 ? [counted(errors, 'error')] : []),
      ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
    ]
    byId('problem-count', HTMLElement).textContent = texts.length > 0 ? texts.join(', ') : 'No problems'
    showProblems(byId('problem-list', HTMLElement), analysis, (offset) => this.go(offset))
    for (const id of ['download', 'run']) byId(id, HTMLButtonElement).disabled = !analysis.whole
    this.training.enable(analysis.whole !== undefined)
    clearTimeout(this.drawing)
    this.drawing = setTimeout(() => {
      this.figure.draw(this.analysis)
      void this.code.update()
    }, pauseBeforeDrawing)
  }

  private go(offset: number): void {
    this.editor.dispatch({ selection: { anchor: offset }, scrollIntoView: true })
    this.editor.focus()
  }

  private write(text: string): void {
    this.editor.dispatch({ changes: { from: 0, to: this.editor.state.doc.length, insert: text } })
    this.editor.dispatch({ selection: { anchor: 0 }, scrollIntoView: true })
  }

  private format(): void {
    const { doc } = this.editor.state
    const { text, problems, kept } = format(source, doc.toString())
    const [problem] = problems
    if (kept && problem) {
      const line = doc.lineAt(Math.min(problem.span.start, doc.length)).number
      say(`Not formatted, because of line ${line}: ${syntaxDiagnostic(problem).message}.`)
      return
    }
    if (text === doc.toString()) say('The text is formatted already.')
    else {
      this.write(text)
      say('Formatted.')
    }
  }

  private async share(): Promise<void> {
    const fragment = await fragmentOf(this.analysis.text)
    const link = `${location.href.split('#')[0]}${fragment}`
    history.replaceState(null, '', fragment)
    this.inAddress = true
    const where = location.protocol === 'file:' ? ' It opens on this machine, since the page is a file here.' : ''
    try {
      await navigator.clipboard.writeText(link)
      say(`The link is on the clipboard; it holds the text.${where}`)
    } catch {
      say(`The address of this page is the link now; it holds the text.${where}`)
    }
  }

  private setWeights(weights: LoadedWeights): void {
    this.weights = { ...weights, number: ++this.weightsCount }
  }

  private get version(): ModelVersion {
    const { spec, weights } = this
    if (!spec) throw new Error('the model has errors')
    return {
      spec,
      seed,
      weightsName: weights ? `${weights.number}` : 'random',
      ...(weights && { weights: weights.bytes }),
    }
  }

  private async download(): Promise<void> {
    const name = `${this.analysis.file.models[0]?.name.text ?? 'model'}.onnx`
    const { bytes, file } = await this.runWorker.ask('onnx', this.version)
    save(name, bytes, 'application/octet-stream')
    say(`${name}: ${this.about(file)}.`)
  }

  /** Predicts an image, or loads a safetensors file. */
  private async take(file: File): Promise<void> {
    if (file.name.endsWith('.safetensors')) {
      this.setWeights(loadWeights(file.name, new Uint8Array(await file.arrayBuffer())))
      if (this.image) await this.look()
      else say(`${file.name} is loaded. Weights go by their names; what the file lacks is random.`)
      return
    }
    const image = await createImageBitmap(file).catch(() => {
      throw new Error(`${file.name} is neither an image that the browser can read nor a .safetensors file`)
    })
    await this.seeImage(image)
  }

  private async seeImage(image: ImageBitmap): Promise<void> {
    this.image = image
    this.answers.clear()
    await this.look()
  }

  private async look(): Promise<void> {
    const { image, analysis, version, weights } = this
    if (!image || !analysis.whole) return
    const number = ++this.looks
    const began = performance.now()
    const { answer, file } = await this.runWorker.ask('look', { version, image })
    if (number !== this.looks) return
    if (analysis !== this.analysis) {
      say('The text has changed since.')
      return
    }
    this.lastLook = performance.now() - began
    const view = viewOf(neededOf(analysis.whole).image.steps)
    const { length } = answer.probabilities
    const named = file.random === 0 && weights?.classes?.length === length
    this.answers.show({ image, answer, view, classes: named ? weights?.classes : undefined })
    byId('run', HTMLElement).hidden = true
    byId('weights', HTMLElement).textContent = this.weightsText(file)
    say(`${answer.milliseconds.toFixed(0)} ms for ${image.width} x ${image.height} pixels; ${this.about(file)}.`)
  }

  private weightsText({ random, parameters }: FileSizes): string {
    const loaded = parameters - random
    if (loaded === 0) return 'Random weights: what it answers means nothing until it is trained.'
    const name = this.weights?.name ?? 'weights'
    return random === 0
      ? `Answered with ${name}.`
      : `Only ${loaded} of ${parameters} weights are from ${name}; the others are random, so the answer means little.`
  }

  private about({ bytes, nodes, random, parameters }: FileSizes): string {
    const loaded = parameters - random
    const name = this.weights?.name ?? 'weights'
    const partly = loaded === 0 ? `random weights, seed ${seed}` : `${loaded} of ${parameters} weights of ${name}`
    return `${(bytes / 1e6).toFixed(1)} MB, ${nodes} nodes, ${random === 0 ? name : partly}`
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

async function main(): Promise<void> {
  let text = keptText() ?? initial.text
  let shared = false
  let problem: string | undefined
  try {
    const found = await textOfFragment(location.hash)
    shared = found !== undefined
    text = found ?? text
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error)
  }
  const playground = new Playground(text, shared)
  await doing('Loading', () => playground.begin())
  if (problem !== undefined) say(`That did not work: ${problem}`)
}

void main()
