import { randomBytes } from 'node:crypto'
import {
  ColorThemeKind,
  type ExtensionContext,
  Range,
  Selection,
  type TextDocument,
  type TextEditor,
  TextEditorRevealType,
  Uri,
  ViewColumn,
  type WebviewPanel,
  window,
  workspace,
} from 'vscode'
import { type FigureResult, figureRequest } from '../server/requests.js'
import { figureHtml } from './figure_html.js'
import { fromPage, type ToPage } from './figure_messages.js'
import type { ServerRequests } from './server_requests.js'

type Figure = NonNullable<FigureResult>

/** Milliseconds after a key before the figure is drawn again: one drawing for a word that is typed. */
const pause = 150

/** The figure of the text in front, beside it. It follows the text, and each leads to the other. */
export class FigurePanel {
  private panel: WebviewPanel | undefined
  /** The text that is followed, and its figure: null where it has none, undefined before the first answer. */
  private shown: { readonly document: TextDocument; readonly figure: FigureResult | undefined } | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly context: ExtensionContext,
    private readonly requests: ServerRequests,
  ) {
    context.subscriptions.push(
      workspace.onDidChangeTextDocument(({ document }) => {
        if (document === this.shown?.document) this.drawSoon()
      }),
      window.onDidChangeActiveTextEditor((editor) => {
        if (this.panel && editor && isSpec(editor.document) && editor.document !== this.shown?.document)
          void this.draw(editor.document)
      }),
      window.onDidChangeTextEditorSelection(({ textEditor }) => this.mark(textEditor)),
      window.onDidChangeActiveColorTheme(() => this.drawSoon()),
      { dispose: () => this.panel?.dispose() },
    )
  }

  /** Opens the figure of a text, or brings it to the front. */
  async open(document: TextDocument): Promise<void> {
    if (this.panel) this.panel.reveal(undefined, true)
    else this.panel = this.create()
    await this.draw(document)
  }

  private create(): WebviewPanel {
    const folder = this.context.extensionUri
    const panel = window.createWebviewPanel(
      'wsban.figure',
      'Figure',
      { viewColumn: ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: [folder], retainContextWhenHidden: true },
    )
    const { webview } = panel
    panel.iconPath = Uri.joinPath(folder, 'icon.png')
    webview.onDidReceiveMessage((data: unknown) => {
      const message = fromPage.parse(data)
      if (message.kind === 'follow') void this.follow(message.name)
      else if (this.shown) this.post(this.shown.document, this.shown.figure)
    })
    panel.onDidDispose(() => {
      clearTimeout(this.timer)
      this.panel = undefined
      this.shown = undefined
    })
    const served = (name: string) => webview.asWebviewUri(Uri.joinPath(folder, name)).toString()
    webview.html = figureHtml({
      script: served('figure.js'),
      style: served('figure.css'),
      nonce: randomBytes(16).toString('hex'),
      source: webview.cspSource,
    })
    return panel
  }

  private drawSoon(): void {
    clearTimeout(this.timer)
    const document = this.shown?.document
    if (document) this.timer = setTimeout(() => void this.draw(document), pause)
  }

  private async draw(document: TextDocument): Promise<void> {
    // The same object, so that an answer is dropped when another document has been asked for since.
    const asked = { document, figure: document === this.shown?.document ? this.shown.figure : undefined }
    this.shown = asked
    const figure = await this.requests.send(figureRequest, {
      textDocument: { uri: document.uri.toString() },
      theme: isDark() ? 'dark' : 'light',
    })
    if (this.shown !== asked || !this.panel) return
    this.shown = { document, figure: figure ?? null }
    this.panel.title = figure ? `Figure: ${figure.model}` : 'Figure'
    this.post(document, figure ?? null)
  }

  private post(document: TextDocument, figure: FigureResult | undefined): void {
    if (figure === undefined) return
    if (figure === null) {
      this.send({ kind: 'empty', text: 'There is no figure yet: the text has errors, or no model.' })
      return
    }
    const { svg, boxes, current } = figure
    this.send({ kind: 'figure', svg, labels: boxes.map(({ name, label }) => [name, label]), current })
    const editor = window.visibleTextEditors.find((one) => one.document === document)
    if (editor) this.mark(editor)
  }

  /** Marks the boxes of what stands at the cursor. */
  private mark({ document, selection }: TextEditor): void {
    if (document !== this.shown?.document) return
    const boxes = this.shown.figure?.boxes ?? []
    const marked = boxes.filter(({ range }) => rangeOf(range).contains(selection.active))
    this.send({ kind: 'mark', names: marked.map(({ name }) => name) })
  }

  private async follow(name: string): Promise<void> {
    const box = this.shown?.figure?.boxes.find((one) => one.name === name)
    if (!box || !this.shown) return
    const { document } = this.shown
    const viewColumn = window.visibleTextEditors.find((one) => one.document === document)?.viewColumn
    const editor = await window.showTextDocument(document, { viewColumn: viewColumn ?? ViewColumn.One })
    const target = rangeOf(box.selection)
    editor.selection = new Selection(target.start, target.start)
    editor.revealRange(target, TextEditorRevealType.InCenterIfOutsideViewport)
  }

  private send(message: ToPage): void {
    void this.panel?.webview.postMessage(message)
  }
}

export function isSpec({ languageId }: TextDocument): boolean {
  return languageId === 'wsban'
}

function isDark(): boolean {
  const { kind } = window.activeColorTheme
  return kind === ColorThemeKind.Dark || kind === ColorThemeKind.HighContrast
}

function rangeOf({ start, end }: Figure['boxes'][number]['range']): Range {
  return new Range(start.line, start.character, end.line, end.character)
}
