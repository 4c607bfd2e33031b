import * as z from 'zod'

// The page at `/`: sends an image to /predict and shows the answer. All text is set as text, never as markup.

const answers = z.object({
  predictions: z.array(
    z.object({
      classes: z.array(z.object({ name: z.string(), probability: z.number() })).optional(),
      predictions: z.record(z.string(), z.unknown()).optional(),
      known: z.boolean().optional(),
      box: z.tuple([z.number(), z.number(), z.number(), z.number()]).optional(),
      error: z.object({ message: z.string() }).optional(),
    }),
  ),
})
const refusal = z.object({ error: z.string() })

function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`)
  return found
}

const status = element('status', HTMLElement)
const answer = element('answer', HTMLElement)
const photo = element('photo', HTMLImageElement)
const token = element('token', HTMLInputElement)

element('form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  const file = element('file', HTMLInputElement).files?.[0]
  if (!file) return
  const button = element('ask', HTMLButtonElement)
  button.disabled = true
  status.textContent = 'Waiting for the model …'
  answer.hidden = true
  ask(file)
    .catch((error: unknown) => {
      status.textContent = error instanceof Error ? error.message : String(error)
    })
    .finally(() => {
      button.disabled = false
    })
})

async function ask(file: File): Promise<void> {
  const response = await fetch('predict', {
    method: 'POST',
    body: file,
    headers: {
      'Content-Type': 'application/octet-stream',
      ...(token.value !== '' && { Authorization: `Bearer ${token.value}` }),
    },
  })
  if (response.status === 401) element('token-label', HTMLElement).hidden = false
  const document: unknown = await response.json()
  const refused = refusal.safeParse(document)
  if (refused.success) throw new Error(refused.data.error)
  const [prediction] = answers.parse(document).predictions
  if (!prediction) throw new Error('the server predicted nothing')
  if (prediction.error) throw new Error(prediction.error.message)
  show(file, prediction)
}

function show(file: File, prediction: z.infer<typeof answers>['predictions'][number]): void {
  status.textContent = ''
  element('unknown', HTMLElement).hidden = prediction.known !== false
  const rows = (prediction.classes ?? []).map(({ name, probability }) => [name, `${(probability * 100).toFixed(1)} %`])
  const others = Object.entries(prediction.predictions ?? {}).map(([name, value]) => [name, JSON.stringify(value)])
  element('classes', HTMLElement).replaceChildren(...[...rows, ...others].map(rowOf))
  URL.revokeObjectURL(photo.src)
  photo.src = URL.createObjectURL(file)
  const box = element('box', HTMLElement)
  box.hidden = prediction.box === undefined
  if (prediction.box) {
    const [y1, x1, y2, x2] = prediction.box.map((value) => `${value * 100}%`)
    Object.assign(box.style, {
      top: y1,
      left: x1,
      height: `calc(${y2} - ${y1})`,
      width: `calc(${x2} - ${x1})`,
    })
  }
  answer.hidden = false
}

function rowOf(texts: readonly (string | undefined)[]): HTMLTableRowElement {
  const row = document.createElement('tr')
  for (const text of texts) {
    const cell = document.createElement('td')
    cell.textContent = text ?? ''
    row.append(cell)
  }
  return row
}
