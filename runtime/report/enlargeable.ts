import { html, type Markup } from './markup.js'

interface Enlargeable {
  /** The element's id: letters, digits and hyphens. */
  readonly id: string
  /** The accessible name. */
  readonly what: string
  /** The content, which fills the window when clicked. */
  readonly body: Markup
  /** The caption, shown in both sizes. */
  readonly caption: Markup
}

/** Images that a click enlarges, without a script: the link makes its figure the page's target, and the style sheet lets that fill the window. */
export function enlargeable({ id, what, body, caption }: Enlargeable): Markup {
  return html`<div class="place" id="at-${id}"><figure class="enlargeable" id="${id}"><a class="close" href="#at-${id}">Close</a><a class="open" href="#${id}" aria-label="Enlarge ${what}">${body}</a>${caption}</figure></div>`
}
