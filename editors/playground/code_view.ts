import { javascript } from '@codemirror/lang-javascript'
import { python } from '@codemirror/lang-python'
import { syntaxHighlighting } from '@codemirror/language'
import { EditorState, type Extension } from '@codemirror/state'
import { EditorView, lineNumbers } from '@codemirror/view'
import { classHighlighter } from '@lezer/highlight'
import { element } from './markdown.js'
import { byId, doing, say } from './page.js'
import type { CodeRequests } from './workers/code_requests.js'
import type { WorkerPart } from './workers/worker_part.js'

type Target = CodeRequests['files']['takes']['target']
type Spec = CodeRequests['files']['takes']['spec']

const languages: Readonly<Record<Target, Extension>> = {
  tfjs: javascript({ typescript: true }),
  pytorch: python(),
  expanded: [],
}

/** The generated code, regenerated when the text changes while it is shown. */
export class CodeView {
  private shown = false
  private written: { readonly text: string; readonly target: Target } | undefined
  /** The number of the last request; results of earlier ones are dropped. */
  private latest = 0

  /** @param specNow returns the editor's text; undefined while it has errors */
  constructor(
    private readonly worker: WorkerPart<CodeRequests>,
    private readonly specNow: () => Spec | undefined,
  ) {
    byId('target', HTMLSelectElement).addEventListener('change', () => void this.update())
  }

  show(shown: boolean): void {
    this.shown = shown
    if (shown) void this.update()
  }

  /** Generates the code of the current text, if it is shown. */
  async update(): Promise<void> {
    const spec = this.specNow()
    const target = this.target
    const files = byId('files', HTMLElement)
    const current = spec !== undefined && this.written?.text === spec.text && this.written.target === target
    files.classList.toggle('old', !current)
    if (!this.shown || !spec || current) return
    const request = ++this.latest
    await doing('Writing code', async () => {
      const made = await this.worker.ask('files', { spec, target })
      if (request !== this.latest) return
      files.replaceChildren(...made.map(({ path, text }, index) => fileOf(path, text, languages[target], index === 0)))
      this.written = { text: spec.text, target }
      files.classList.remove('old')
      say('Code of the text as it is now.')
    })
  }

  private get target(): Target {
    const { value } = byId('target', HTMLSelectElement)
    if (value === 'tfjs' || value === 'pytorch' || value === 'expanded') return value
    throw new Error(`there is no target ${value}`)
  }
}

function fileOf(path: string, text: string, language: Extension, open: boolean): HTMLElement {
  const file = document.createElement('details')
  const copy = element('button', 'copy', 'Copy')
  copy.setAttribute('aria-label', `Copy ${path}`)
  copy.addEventListener('click', () =>
    doing('Copying', async () => {
      await navigator.clipboard.writeText(text)
      say(`${path} is on the clipboard.`)
    }),
  )
  const body = element('div', 'code')
  const build = () => {
    if (body.childElementCount > 0 || !file.open) return
    const extensions = [
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': path }),
      lineNumbers(),
      language,
      syntaxHighlighting(classHighlighter),
    ]
    new EditorView({ parent: body, state: EditorState.create({ doc: text, extensions }) })
  }
  file.addEventListener('toggle', build)
  file.append(element('summary', '', path), copy, body)
  file.open = open
  build()
  return file
}
