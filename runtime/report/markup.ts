/** Trusted markup; everything else that is inserted into a page is escaped. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = Markup | string | number | readonly (Markup | string | number)[]

/** html`<p>${anything}</p>`: interpolated values are escaped unless they are Markup. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    strings.map((text, index) => text + (index < parts.length ? render(parts[index] as Part) : '')).join(''),
  )
}

function render(part: Part): string {
  if (part instanceof Markup) return part.text
  if (typeof part === 'object') return part.map(render).join('')
  return escapeText(String(part))
}

export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) =>
    `&#${character.charCodeAt(0)};`.replace('&#60;', '&lt;').replace('&#62;', '&gt;').replace('&#38;', '&amp;'),
  )
}

/** Returns a path that may wrap after its slashes. */
export function pathText(path: string): Markup {
  return html`${path.split(/(?<=\/)/).map((part) => html`${part}<wbr>`)}`
}

/** Returns the data URI of a JPEG. */
export function dataUri(jpeg: Uint8Array): string {
  return `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`
}
