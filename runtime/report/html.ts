import { aboutSections } from './about.js'
import { answersSection } from './answers.js'
import { branchesSection } from './branches.js'
import { calibrationChart } from './calibration.js'
import { classSection } from './classes.js'
import { confusionSection } from './confusion.js'
import { curvesSection } from './curves.js'
import type { ReportData } from './data.js'
import { doubtSection } from './doubt.js'
import { imagesSection } from './gallery.js'
import { html, Markup } from './markup.js'
import { style } from './style.js'
import { keyFigures, verdictOf } from './verdict.js'

/** Renders the report as one self-contained HTML file: no scripts, no requests, embedded images. */
export function renderReport(data: ReportData): string {
  // Without images, no rate is defined.
  const evaluation = data.evaluation?.images ? data.evaluation : undefined
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${data.title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header><h1>${data.title}</h1><p>${data.subtitle}</p></header>
<main>
${data.notes.map((note) => html`<p class="note">${note}</p>`)}
${summary(data)}
${branchesSection(data)}
${answersSection(data)}
${imagesSection(data)}
${data.doubtful ? doubtSection(data.doubtful) : ''}
${evaluation ? confusionSection(evaluation, data.confused) : ''}
${evaluation ? classSection(evaluation) : ''}
${evaluation ? calibrationChart(evaluation, data.calibration) : ''}
${curvesSection(data)}
${aboutSections(data)}
<section><details><summary><h2>The spec</h2></summary><pre tabindex="0">${data.spec}</pre></details></section>
</main>
</body>
</html>
`
  return page.text
}

/** The verdict, and the figures behind it. */
function summary(data: ReportData): Markup {
  const [first, ...further] = verdictOf(data)
  if (first === undefined) return html``
  return html`<section class="summary"><p class="verdict">${first}</p>${further.map((sentence) => html`<p class="verdict further">${sentence}</p>`)}
<div class="cards">${keyFigures(data).map(({ name, value, beside }) => html`<div class="card"><span class="name">${name}</span><b>${value}</b><span>${beside}</span></div>`)}</div></section>`
}
