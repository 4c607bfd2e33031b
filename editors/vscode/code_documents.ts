import {
  EventEmitter,
  type ExtensionContext,
  type TextDocument,
  type TextDocumentContentProvider,
  Uri,
  ViewColumn,
  window,
  workspace,
} from 'vscode'
import { type CodeResult, type CodeTarget, codeRequest } from '../server/requests.js'
import type { ServerRequests } from './server_requests.js'

const scheme = 'wsban-code'

/** Milliseconds after a key before code that is shown is generated again. */
const pause = 600

/** Shown first, where a target has several files. */
const main = /^model\./

/** The code of a spec as documents that cannot be edited, and follow its text. */
export class CodeDocuments implements TextDocumentContentProvider {
  private readonly changed = new EventEmitter<Uri>()
  readonly onDidChange = this.changed.event
  private timer: NodeJS.Timeout | undefined
  /** The last code of each document without errors. */
  private readonly latest = new Map<string, string>()

  constructor(
    context: ExtensionContext,
    private readonly requests: ServerRequests,
  ) {
    context.subscriptions.push(
      this.changed,
      workspace.registerTextDocumentContentProvider(scheme, this),
      workspace.onDidChangeTextDocument(({ document }) => this.refreshSoon(document.uri)),
      workspace.onDidCloseTextDocument(({ uri }) => this.latest.delete(uri.toString())),
      { dispose: () => clearTimeout(this.timer) },
    )
  }

  /** Shows the code of a target beside the spec; asks for the file where there are several. */
  async show({ uri }: TextDocument, target: CodeTarget): Promise<void> {
    const files = await this.generated(uri.toString(), target)
    if (files.length === 0) {
      void window.showWarningMessage('wsban: there is no code, as the text has errors or no model.')
      return
    }
    const path = await chosen(files.map((file) => file.path))
    if (path === undefined) return
    const shown = await workspace.openTextDocument(addressOf(uri, target, path))
    await window.showTextDocument(shown, { viewColumn: ViewColumn.Beside, preserveFocus: true, preview: true })
  }

  async provideTextDocumentContent(address: Uri): Promise<string> {
    const key = address.toString()
    const { spec, target, path } = partsOf(address)
    const files = await this.generated(spec, target)
    const text = files.find((file) => file.path === path)?.text ?? this.latest.get(key) ?? ''
    this.latest.set(key, text)
    return text
  }

  private async generated(uri: string, target: CodeTarget): Promise<CodeResult['files']> {
    return (await this.requests.send(codeRequest, { textDocument: { uri }, target }))?.files ?? []
  }

  private refreshSoon(changed: Uri): void {
    const own = workspace.textDocuments.filter(
      ({ uri }) => uri.scheme === scheme && partsOf(uri).spec === changed.toString(),
    )
    if (own.length === 0) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      for (const { uri } of own) this.changed.fire(uri)
    }, pause)
  }
}

async function chosen(paths: readonly string[]): Promise<string | undefined> {
  const ordered = [...paths].sort((a, b) => Number(main.test(b)) - Number(main.test(a)))
  return ordered.length === 1 ? ordered[0] : window.showQuickPick(ordered, { placeHolder: 'The file to show' })
}

/** The address of generated code: the file's own name at the end of its path, and the spec in the query. */
function addressOf(spec: Uri, target: CodeTarget, path: string): Uri {
  return Uri.from({ scheme, path: `/${target}/${path}`, query: spec.toString() })
}

function partsOf({ path, query }: Uri): { readonly spec: string; readonly target: CodeTarget; readonly path: string } {
  const [, target = '', ...rest] = path.split('/')
  return { spec: query, target: codeRequest.takes.shape.target.parse(target), path: rest.join('/') }
}
