import { format } from '../../grammar/format.js'
import { parse } from '../../grammar/parse.js'
import type { Model, Span } from '../../grammar/tree.js'

export interface ModelChanges {
  /** The name of the model; ignored if it is not a valid name. */
  readonly name: string
  /** New defaults of its parameters; names that the model lacks are ignored. */
  readonly settings: Readonly<Record<string, number>>
  /** Settings of its train block. */
  readonly training: Readonly<Record<string, number | string>>
  /** The comment lines at the top, which replace those of the template. */
  readonly comment: readonly string[]
}

/** Returns a template's text as a new model, formatted. */
export function ownModel(text: string, { name, settings, training, comment }: ModelChanges): string {
  const { file } = parse('template', text)
  const [model] = file.models
  if (!model) throw new Error('a template without a model')
  const edits: { readonly span: Span; readonly text: string }[] = []
  const own = identifierFrom(name)
  if (own !== undefined) edits.push({ span: model.name.span, text: own })
  for (const parameter of model.parameters) {
    const value = settings[parameter.name.text]
    if (value !== undefined && parameter.default) edits.push({ span: parameter.default.span, text: String(value) })
  }
  const [first] = model.training
  for (const [line, value] of Object.entries(training)) {
    const set = model.training.find((binding) => binding.name.text === line)
    if (set) edits.push({ span: set.value.span, text: String(value) })
    else if (first)
      edits.push({ span: { ...first.name.span, end: first.name.span.start }, text: `${line} = ${value}\n` })
  }
  const changed = edits
    .sort((a, b) => b.span.start - a.span.start)
    .reduce((so, edit) => so.slice(0, edit.span.start) + edit.text + so.slice(edit.span.end), text)
  const body = changed.slice(
    firstCode(
      model,
      file.imports.map(({ span }) => span),
    ),
  )
  return format('template', `${comment.map((line) => `// ${line}\n`).join('')}${body}`).text
}

function firstCode(model: Model, imports: readonly Span[]): number {
  return Math.min(model.span.start, ...imports.map(({ start }) => start))
}

/** Returns the name with underscores for invalid characters; undefined for a keyword and an empty name. */
function identifierFrom(name: string): string | undefined {
  const plain = name.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^_+|_+$/g, '')
  const identifier = /^[0-9]/.test(plain) ? `m${plain}` : plain
  const { problems, file } = parse('name', `model ${identifier}() {\n}\n`)
  return problems.length === 0 && file.models[0]?.name.text === identifier ? identifier : undefined
}
