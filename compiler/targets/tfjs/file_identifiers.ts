/** Reserved words and globals of generated code, which variables cannot be named. */
const taken = new Set([
  ...'at tf answers model parameters forward losses Scope Model Tensor'.split(' '),
  ...'abstract arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally'.split(
    ' ',
  ),
  ...'for function if implements import in instanceof interface let new null package private protected public return static super switch'.split(
    ' ',
  ),
  ...'this throw true try typeof undefined var void while with yield async of type'.split(' '),
])

/** Returns a name of the spec as an identifier, unchanged if possible. */
export function identifier(parts: readonly string[]): string {
  const text = parts.join('_').replace(/[^A-Za-z0-9_]/g, '_')
  const legal = /^[0-9]/.test(text) || text === '' ? `_${text}` : text
  return taken.has(legal) || isStep(legal) ? `${legal}_` : legal
}

/** Whether a function for one of several optimizer steps may have the name. */
function isStep(name: string): boolean {
  return /^step_\d+$/.test(name)
}

/** `count_padding` as the runtime's option: countPadding. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
