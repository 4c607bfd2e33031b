import { functionPage } from '../../compiler/analysis/functions/page.js'
import { argumentsOf } from '../../compiler/analysis/name_resolver.js'
import type { Definition } from '../../compiler/analysis/resolved_name.js'
import { describe, tensorOf, type Value } from '../../compiler/analysis/values.js'
import { shapeText } from '../../compiler/graph/graph.js'
import { operationPage, settingPage } from '../../compiler/ops/page.js'
import type { SourceFile } from '../../grammar/tree.js'

/** Formats a value for an inlay hint: `768 x 26 x 26`, `128`. */
export function shortly(value: Value): string | undefined {
  const tensor = tensorOf(value)
  if (tensor) return shapeText(tensor.type)
  if (value.kind === 'number') return describe(value).replace('the number ', '')
  if (value.kind === 'string') return JSON.stringify(value.value)
  return value.kind === 'boolean' ? String(value.value) : undefined
}

/** `bap(features, attention, pool = mean)` */
export function signatureOf(
  definition: Definition,
  textOf: (source: string) => string | undefined,
): { label: string; parts: string[] } {
  const parts = argumentsOf(definition).map((argument) => argumentText(argument, textOf))
  return { label: `${definition.name}(${parts.join(', ')})`, parts }
}

function argumentText(
  { name, argument, parameter }: Definition,
  textOf: (source: string) => string | undefined,
): string {
  if (argument) {
    const { default: standard } = argument
    return standard === undefined || standard === null ? name : `${name} = ${String(standard)}`
  }
  const written = parameter?.default?.span
  return written ? `${name} = ${textOf(written.source)?.slice(written.start, written.end) ?? '...'}` : name
}

/** Returns the documentation of an operation, a setting, an argument or a block in Markdown. */
export function documentation(
  definition: Definition,
  textOf: (source: string) => string | undefined,
): string | undefined {
  if (definition.operation) return operationPage(definition.operation)
  if (definition.function) return functionPage(definition.function)
  if (definition.setting) return settingPage(definition.setting)
  if (definition.argument) {
    const { meaning, source, default: standard, kind } = definition.argument
    const shown =
      standard === undefined ? 'It has to be given.' : standard === null ? '' : `Default: \`${String(standard)}\`.`
    const words = kind.is === 'word' ? `One of ${kind.words.map((word) => `\`${word}\``).join(', ')}.` : ''
    return [`\`${definition.name}\`: ${meaning}.`, shown, words, source ? `Source: ${source}` : '']
      .filter((line) => line !== '')
      .join('\n\n')
  }
  if (definition.block) return code(`block ${signatureOf(definition, textOf).label}`)
  if (definition.name === 'backbone')
    return '`backbone(image, "NAME")` calls the block of a published network; `wsban backbones` lists the names.'
  if (definition.kind === 'operation')
    return '`uniform(low, high)` draws a number for each image in training; elsewhere its middle is taken.'
  if (definition.kind === 'training') return '`training ? a : b` is a in training and b afterwards.'
  return undefined
}

export function code(text: string): string {
  return `\`\`\`wsban\n${text}\n\`\`\``
}

/** Returns the comment lines directly above a position of the file. */
export function commentAbove({ text, comments }: SourceFile, start: number): string | undefined {
  const lines: string[] = []
  let line = text.lastIndexOf('\n', start - 1)
  while (line > 0) {
    const from = text.lastIndexOf('\n', line - 1) + 1
    const comment = comments.find(({ span }) => span.start >= from && span.end <= line)
    if (!comment || text.slice(from, comment.span.start).trim() !== '') break
    lines.unshift(comment.text.replace(/^\/\/ ?/, ''))
    line = from - 1
  }
  return lines.length > 0 ? lines.join('\n') : undefined
}
