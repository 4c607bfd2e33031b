/**
 * Follows every link of the built site (docs/dist) that stays in it: to a file that is there, and to a heading that the page has.
 * Ends with 1 when one leads nowhere.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const site = join(dirname(fileURLToPath(import.meta.url)), 'dist')
const base = process.env.WSBAN_DOCS_BASE ?? '/'
const pages = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'))

const idsOf = new Map<string, ReadonlySet<string>>()
function ids(page: string): ReadonlySet<string> {
  const known = idsOf.get(page)
  if (known) return known
  const found = new Set([...readFileSync(page, 'utf8').matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => unescaped(id)))
  idsOf.set(page, found)
  return found
}

function unescaped(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'")
}

/** The problem with a link, or undefined. */
function wrong(page: string, link: string): string | undefined {
  const [path = '', heading = ''] = link.split('#')
  const own = path.startsWith('/')
    ? path.startsWith(base) && join(site, path.slice(base.length))
    : join(dirname(page), path)
  if (own === false) return `is outside of ${base}`
  const whole = path === '' ? page : own
  const file = existsSync(whole) && statSync(whole).isDirectory() ? join(whole, 'index.html') : whole
  if (!existsSync(file)) return 'leads to no file'
  if (heading === '' || !file.endsWith('.html')) return undefined
  return ids(file).has(decodeURIComponent(heading)) ? undefined : 'leads to no heading'
}

let links = 0
const dead = pages.flatMap((name) => {
  const page = join(site, name)
  const found = [...readFileSync(page, 'utf8').matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, link = '']) =>
    unescaped(link),
  )
  const inside = [...new Set(found)].filter((link) => link !== '' && !/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(link))
  links += inside.length
  return inside.flatMap((link) => {
    const problem = wrong(page, link.split('?')[0] ?? link)
    return problem === undefined ? [] : [`${relative(site, page)}: ${link} ${problem}`]
  })
})
for (const line of dead) console.error(line)
console.log(`${pages.length} pages, ${links} links, ${dead.length} of them dead`)
process.exitCode = dead.length > 0 || pages.length === 0 ? 1 : 0
