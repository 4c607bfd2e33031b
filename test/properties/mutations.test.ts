import test from 'ava'
import { compile } from '../../compiler/compile.js'
import { render } from '../../compiler/diagnostics/render.js'
import { keyOf, Random } from '../../compiler/random.js'
import { format } from '../../grammar/format.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { mutated } from '../support/mutations.js'
import { lastResort } from '../support/waiting.js'

/**
 * Real models and broken ones, changed at random, go through parser, checker and formatter. WSBAN_MUTATIONS is their number (a hundred thousand take
 * about an hour), WSBAN_SEED their seed.
 */
const count = Number(process.env.WSBAN_MUTATIONS ?? 400)
const seed = Number(process.env.WSBAN_SEED ?? 1)
/** The limit of processor time in milliseconds, above which a long run reports a text. Not checked without WSBAN_MUTATIONS, as machines differ. */
const longest = process.env.WSBAN_MUTATIONS === undefined ? Number.POSITIVE_INFINITY : 2000

test('a changed spec is answered, and every error has a place', (t) => {
  t.timeout(Math.max(lastResort, count * 200))
  const disk = diskLibrary()
  const exporting = new Map<string, string | undefined>()
  const standard = disk.standard
  const library = {
    standard,
    find: disk.find,
    exporting(block: string) {
      if (!exporting.has(block)) exporting.set(block, disk.exporting?.(block))
      return exporting.get(block)
    },
  }
  const random = new Random(keyOf(seed, 'mutations'))
  let slowest = 0
  for (let round = 0; round < count; round++) {
    const text = mutated(random)
    const began = process.cpuUsage()
    const { diagnostics, texts } = compile({ source: 'changed.wsban', text }, library)
    const formatted = format('changed.wsban', text)
    const took = process.cpuUsage(began).user / 1000
    slowest = Math.max(slowest, took)
    if (took > longest) t.fail(`round ${round} took ${took.toFixed(0)} ms:\n${text}`)
    if (!formatted.kept) t.fail(`round ${round}: the formatter gives up on\n${text}`)
    for (const diagnostic of diagnostics)
      for (const { span } of [diagnostic.primary, ...diagnostic.secondary]) {
        const length = texts.get(span.source)?.length
        const fits = length !== undefined && span.start >= 0 && span.start <= span.end && span.end <= length
        if (!fits) t.fail(`round ${round}: ${diagnostic.code} at ${JSON.stringify(span)}:\n${text}`)
        render(diagnostic, (source) => texts.get(source))
      }
  }
  t.log(`${count} specs, the slowest took ${slowest.toFixed(0)} ms`)
  t.pass()
})
