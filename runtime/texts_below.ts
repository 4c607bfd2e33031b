import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './package_root.js'

/** Returns the texts of a folder of the package by path without the ending, sorted by path. */
export function textsBelow(folder: string, ending: string): Readonly<Record<string, string>> {
  const place = join(packageRoot(), folder)
  const paths = readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(ending))
  return Object.fromEntries(
    paths
      .sort()
      .map((path) => [path.replaceAll('\\', '/').slice(0, -ending.length), readFileSync(join(place, path), 'utf8')]),
  )
}
