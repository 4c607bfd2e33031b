import type { Evaluation } from '../inference/evaluate.js'
import type { AnswerCalibration } from '../runs/answer_calibration.js'
import { html, type Markup } from './markup.js'

const side = 240
const margin = { left: 46, bottom: 34, top: 10, right: 22 }

/** A reliability diagram: accuracy against confidence, with one dot per bin whose area is the bin's share of the images. */
export function calibrationChart(
  { calibration, calibrationError, images }: Evaluation,
  correction: AnswerCalibration | undefined,
): Markup {
  const inner = side - margin.bottom - margin.top
  const x = (share: number) => margin.left + share * inner
  const y = (share: number) => margin.top + (1 - share) * inner
  const ticks = [0, 0.5, 1]
  const dots = calibration.filter((bin) => bin.images > 0)
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`
  return html`<section><h2>Calibration</h2>
<p>Predictions grouped by confidence. On the diagonal, confidence equals accuracy; below it the model is overconfident, above it underconfident.
On average the two are ${(calibrationError * 100).toFixed(1)} points apart (expected calibration error, ${calibration.length} bins).</p>
${correction ? correctionText(correction) : ''}
<figure class="square"><svg viewBox="0 0 ${margin.left + inner + margin.right} ${side}" role="img" aria-label="reliability diagram: accuracy against confidence">
${ticks.map((tick) => html`<line class="grid" x1="${x(0)}" x2="${x(1)}" y1="${y(tick)}" y2="${y(tick)}"/><text class="tick" x="${x(0) - 6}" y="${y(tick) + 4}" text-anchor="end">${percent(tick)}</text><text class="tick" x="${x(tick)}" y="${y(0) + 16}" text-anchor="middle">${percent(tick)}</text>`)}
<line class="mark" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/>
${dots.map((bin) => html`<circle class="bin" cx="${x(bin.confidence).toFixed(1)}" cy="${y(bin.accuracy).toFixed(1)}" r="${(3 + 14 * Math.sqrt(bin.images / images)).toFixed(1)}"><title>${bin.images} images: ${percent(bin.confidence)} mean confidence, ${percent(bin.accuracy)} accuracy</title></circle>`)}
<text class="tick" x="${x(0.5)}" y="${side - 4}" text-anchor="middle">confidence</text>
</svg><figcaption>accuracy against confidence</figcaption></figure></section>`
}

function correctionText({
  temperature,
  bias,
  threshold,
  kept,
  images,
  errorBefore,
  errorAfter,
  errorExpected,
}: AnswerCalibration): Markup {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  return html`<p>Probabilities are corrected by temperature scaling with a bias of the predicted class (temperature ${temperature.toFixed(2)}, bias ${bias.toFixed(2)}, fitted on ${images} validation images). The calibration error is
${percent(errorBefore)} without it and ${percent(errorAfter)} with it, cross-validated; exact probabilities would show ${percent(errorExpected)} on so few images.</p>
<p>An image whose most probable class has less than <b>${percent(threshold)}</b> may show none of the classes: ${percent(kept)} of the validation images are at least that sure.</p>`
}
