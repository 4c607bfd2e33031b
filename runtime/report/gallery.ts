import type { ReportData, ShownImage } from './data.js'
import { enlargeable } from './enlargeable.js'
import { percent } from './format.js'
import { dataUri, html, type Markup, pathText } from './markup.js'
import { branchesOf, roleOf } from './roles.js'

/** Up to this many classes each have a button that shows only their images; more are a list of links. */
const mostButtons = 30

/** Examples and mistakes, and the choice of a class that applies to both. */
export function imagesSection(data: ReportData): Markup {
  const { examples, mistakes } = data
  const shown = [...examples, ...mistakes]
  if (shown.length === 0) return html``
  const names = [...new Set(shown.map(({ truth }) => truth))].sort()
  const branches = branchesOf(data)
  const cards = (kind: string, images: readonly ShownImage[]) =>
    images.map((image, index) => card(image, `${kind}-${index}`, names.indexOf(image.truth), branches))
  return html`<section class="images">
${names.length > 1 ? (names.length <= mostButtons ? buttons(names) : links(names, examples, mistakes)) : ''}
${examples.length > 0 ? gallery('Attention and crops', 'The image; its attention map with the crop box in white (the annotated box, where there is one, in dashed green); and the crop, the input of the second pass. A click enlarges them.', cards('example', examples)) : ''}
${mistakes.length > 0 ? gallery('Most confident mistakes', 'Wrong predictions, the most confident first. Many show a wrong label, or more than one object.', cards('mistake', mistakes)) : ''}</section>`
}

/** Radio buttons, with a rule for each that hides the images of all other classes. */
function buttons(names: readonly string[]): Markup {
  const rules = names.map(
    (_, index) => `.images:has(#only-${index}:checked) .card-of:not(.class-${index}) { display: none }`,
  )
  const button = (id: string, label: string, checked: string) =>
    html`<label><input type="radio" name="class" id="${id}"${checked}><span>${label}</span></label>`
  return html`<style>${rules.join('\n')}</style><fieldset class="filter"><legend>Show the images of</legend>${button('only-all', 'all classes', ' checked')}${names.map((name, index) => button(`only-${index}`, name, ''))}</fieldset>`
}

/** Links to the first image of each class. */
function links(names: readonly string[], examples: readonly ShownImage[], mistakes: readonly ShownImage[]): Markup {
  const targetOf = (name: string) => {
    const example = examples.findIndex(({ truth }) => truth === name)
    return example >= 0 ? `example-${example}` : `mistake-${mistakes.findIndex(({ truth }) => truth === name)}`
  }
  return html`<details><summary>Images by class</summary><nav class="filter" aria-label="images by class">${names.map((name) => html`<a href="#at-${targetOf(name)}">${name}</a> `)}</nav></details>`
}

function gallery(title: string, text: string, cards: readonly Markup[]): Markup {
  return html`<h2>${title}</h2>
<p>${text}</p>
<div class="gallery">${cards}</div>`
}

function card(shown: ShownImage, id: string, index: number, branches: readonly string[]): Markup {
  const { path, truth, guesses, image, overlay, crop, overlap } = shown
  const right = guesses.find(({ by }) => by === 'joint')?.name === truth
  const strip = [
    { bytes: image, alt: `image of ${truth}` },
    { bytes: overlay, alt: 'attention map with the crop box' },
    { bytes: crop, alt: 'crop' },
  ].flatMap(({ bytes, alt }) => (bytes ? [html`<img alt="${alt}" src="${dataUri(bytes)}">`] : []))
  return html`<article class="card-of class-${index} ${right ? 'right' : 'wrong'}">
${enlargeable({ id, what: path, body: html`<span class="strip">${strip}</span>`, caption: html`<small class="path">${pathText(path)}</small>` })}
<h3>${truth}${overlap === undefined ? '' : html` <small>IoU ${(overlap * 100).toFixed(0)} %</small>`}</h3>
<table><tbody>${guesses.map((guess) => html`<tr><th scope="row"><span class="key ${roleOf(guess.by, branches)}"></span>${guess.by}</th><td>${guess.name}</td><td class="number ${guess.name === truth ? 'good' : 'bad'}">${guess.name === truth ? '✓' : '✗'} ${percent(guess.probability)}</td></tr>`)}</tbody></table>
</article>`
}
