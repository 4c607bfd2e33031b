import { html, type Markup } from '../../report/markup.js'
import type { RunState } from '../state.js'
import { imageAddress } from './requests.js'

/** The most frequently confused classes, with some of the images. */
export function confused({ id, confused: found }: RunState): Markup {
  if (!found) return html``
  const { epoch, pairs } = found
  return html`<h2>Most often confused</h2><p>On the validation split after epoch ${epoch}.</p>
${pairs.length === 0 ? html`<p>Every image was classified correctly.</p>` : html`<ul class="pairs">${pairs.map(({ truth, predicted, count, total, images }) => html`<li><p><b>${truth}</b> predicted as <b>${predicted}</b>: <span class="count">${count} of ${total}</span></p><div class="thumbs">${images.map((index) => html`<img alt="${truth}, predicted as ${predicted}" src="${imageAddress(id, index)}">`)}</div></li>`)}</ul>`}`
}
