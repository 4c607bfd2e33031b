/** Renders the subset of Markdown of the operations' documentation as elements; text is never parsed as HTML. */
export function markdown(text: string): HTMLElement {
  const root = element('div', 'documentation')
  for (const part of text.split(/\n\n+/)) root.append(block(part))
  return root
}

function block(part: string): HTMLElement {
  const code = /^```\w*\n([\s\S]*?)\n?```$/.exec(part)
  if (code) return element('pre', '', code[1] ?? '')
  if (part.startsWith('## ')) return element('strong', 'title', part.slice(3))
  if (part.startsWith('|')) return table(part)
  const paragraph = element('p')
  paragraph.append(...inline(part))
  return paragraph
}

function table(part: string): HTMLElement {
  const made = element('table')
  for (const line of part.split('\n').filter((row) => !/^\|[-|]+\|$/.test(row))) {
    const row = element('tr')
    for (const cell of line.slice(2, -2).split(' | ')) {
      const made = element('td')
      made.append(...inline(cell))
      row.append(made)
    }
    made.append(row)
  }
  return made
}

function inline(text: string): (HTMLElement | string)[] {
  return text
    .split(/(`[^`]+`)/)
    .map((piece) => (/^`.+`$/.test(piece) ? element('code', '', piece.slice(1, -1)) : piece))
}

export function element(tag: string, className = '', text = ''): HTMLElement {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = text
  return made
}
