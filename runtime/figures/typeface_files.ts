import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Weights of the typeface of figures: regular and semibold. */
export const weights = [400, 600] as const
/** Parts of the typeface by writing system. */
const subsets = ['latin', 'latin-ext', 'greek', 'cyrillic'] as const

/**
 * The files of Arimo, which is metrically compatible with Helvetica and Arial, by weight: one for each writing system. The build puts them into the
 * code in place of this module.
 */
export function typefaceFiles(): { readonly [weight in (typeof weights)[number]]: readonly Uint8Array[] } {
  const { resolve } = createRequire(import.meta.url)
  const files = (weight: number) =>
    subsets.map((subset) => readFileSync(resolve(`@fontsource/arimo/files/arimo-${subset}-${weight}-normal.woff`)))
  return { 400: files(400), 600: files(600) }
}
