import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../../compiler/random.js'
import { packageRoot } from '../../runtime/package_root.js'

/** Real models, and the fixtures of all diagnostics. */
export const specs: readonly string[] = ['models', 'models/blocks', 'models/backbones', 'test/fixtures/diagnostics']
  .flatMap((folder) => readdirSync(join(packageRoot(), folder)).map((file) => join(folder, file)))
  .filter((file) => file.endsWith('.wsban'))
  .map((file) => readFileSync(join(packageRoot(), file), 'utf8'))

const pieces =
  `model block branch input loss predict train augment return repeat import from as true false training ( ) [ ] { } , : . ? % + - * / -> = == < >= x 3 0 1e9 -1 20% "s" "" \\ // \n é 😀 conv2d bap mean repeat 999 i , uniform weights # ' 's' ,)`.split(
    ' ',
  )

export interface Change {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A small change of a text: a piece deleted, duplicated, moved, or inserted. */
export function change(text: string, random: Random): Change {
  const start = random.integer(text.length + 1)
  const end = Math.min(text.length, start + random.integer(random.integer(4) === 0 ? 80 : 12))
  switch (random.integer(5)) {
    case 0:
      return { start, end, text: '' }
    case 1:
      return { start: end, end, text: text.slice(start, end) }
    case 2: {
      const from = random.integer(text.length + 1)
      return { start, end: start, text: text.slice(from, from + random.integer(60)) }
    }
    default:
      return { start, end: random.integer(2) === 0 ? start : end, text: ` ${of(random, pieces)} ` }
  }
}

export function mutated(random: Random): string {
  let text = of(random, specs)
  for (let left = 1 + random.integer(4); left > 0; left--) {
    const { start, end, text: put } = change(text, random)
    text = text.slice(0, start) + put + text.slice(end)
  }
  return text
}

export function of<T>(random: Random, list: readonly T[]): T {
  const item = list[random.integer(list.length)]
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}
