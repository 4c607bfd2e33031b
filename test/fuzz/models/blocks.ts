/** A spec with one call of a block inlined, and the names of its parameters there. */
export interface Inlined {
  readonly text: string
  readonly renamed: (parameter: string) => string
}

const callPattern = /^ *(v\d+) = (block\d+)\((\w+(?:\.\w+)*)\)$/m

/** Inlines a block at its first call in a branch; undefined if no branch calls one outside a chain. */
export function withBlockInlined(text: string): Inlined | undefined {
  const call = callPattern.exec(text)
  if (!call) return undefined
  const [line, name = '', block = '', operand = ''] = call
  const definition = new RegExp(`^block ${block}\\(x\\) \\{\\n([^}]*)\\n *return ([\\w."]+)\\n\\}\\n`, 'm').exec(text)
  if (!definition) throw new Error(`no block ${block}`)
  const [whole, body = '', result = ''] = definition
  // A quoted name could be confused with that of another block.
  if (whole.includes('"')) return undefined
  const inner = (code: string) => code.replace(/\b(v\d+)\b/g, `${name}_$1`).replace(/\bx\b(?! =)/g, () => operand)
  const used = new RegExp(`\\b${name}\\b(?!_)`, 'g')
  const after = text.slice(call.index + line.length).replace(used, () => inner(result))
  const written = `${text.slice(0, call.index)}${inner(body)}${after}`
  const others = written.replace(whole, '')
  return {
    // Other calls keep their block.
    text: new RegExp(`\\b${block}\\b`).test(others) ? written : others,
    renamed: (parameter) => parameter.replace(`.${name}.`, `.${name}_`),
  }
}
