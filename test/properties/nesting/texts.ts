/** Kinds of nesting: the repeated opening text, and the repeated closing text. */
export const nestings: readonly (readonly [open: string, close: string])[] = [
  ['[', ''],
  ['(', ''],
  ['{', ''],
  ['f(', ''],
  ['f([(', ''],
  ['[', ')'],
  ['(', ')'],
  ['[', ']'],
  ['[1 + ', ']'],
  ['[= ', ''],
  ['f(a = ', ''],
  ['relu(', ')'],
  ['-(', ')'],
  ['a ? ', ''],
  ['a ? ', ' : c'],
  ['a ? b : ', ''],
  ['repeat 2 as i, x = y { return ', ''],
  ['repeat 2 as i, x = y { return ', '}'],
  ['1 + ', ''],
  ['2 * ', ''],
  ['1 < ', ''],
  ['x -> ', ''],
  ['x.', ''],
]

/** Returns each nesting at each depth, as the value of a binding and as a preprocessing step of an input. */
export function nestingTexts(depths: readonly number[]): string[] {
  return depths.flatMap((depth) =>
    nestings.flatMap(([open, close]) => {
      const nested = `${open.repeat(depth)}1${close.repeat(depth)}`
      const start = 'model m(classes = 3) {\n  input image: Image[3, 32, 32]'
      return [`${start}\n  x = ${nested}\n  y = 1\n}\n`, `${start} {${nested}`]
    }),
  )
}
