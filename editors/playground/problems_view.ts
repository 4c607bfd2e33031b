import type { Analysis } from '../language/workspace.js'
import { source } from './library.js'
import { element } from './markdown.js'

/** Lists the diagnostics of the text, errors first; `go` moves the cursor to one. */
export function showProblems(list: HTMLElement, { diagnostics, text }: Analysis, go: (offset: number) => void): void {
  const isWarning = ({ severity }: Analysis['diagnostics'][number]) => Number(severity === 'warning')
  const sorted = [...diagnostics].sort(
    (a, b) => isWarning(a) - isWarning(b) || a.primary.span.start - b.primary.span.start,
  )
  const docs = document.querySelector<HTMLAnchorElement>('a#docs')?.href
  list.replaceChildren(
    ...sorted.map(({ severity, code, message, help, primary: { span } }) => {
      const item = element('li', severity)
      const button = element('button')
      const here = span.source === source
      button.append(
        element('span', 'place', here ? `line ${text.slice(0, span.start).split('\n').length}` : span.source),
        element('span', 'message', message),
        element('code', '', code),
      )
      if (help !== undefined) button.append(element('span', 'help', help))
      if (here) button.addEventListener('click', () => go(span.start))
      else button.setAttribute('disabled', '')
      item.append(button)
      if (docs) item.append(explanation(docs, code))
      return item
    }),
  )
}

/** Returns a link to the page of a diagnostic. */
function explanation(docs: string, code: string): HTMLElement {
  const link = document.createElement('a')
  link.href = new URL(`diagnostics/${encodeURIComponent(code)}.html`, docs).href
  link.target = '_blank'
  link.rel = 'noopener'
  link.textContent = 'Explain'
  link.setAttribute('aria-label', `Explain ${code}`)
  return link
}
