/**
 * Random valid models on every executor:
 *   npm run fuzz -- [--from SEED] [--count N] [--engines tfjs-node,wasm,cpu] [--jobs N] [--seconds N] [--log FILE]
 * Checks each model's values, gradients and laws, minimises findings, and writes new ones to test/fuzz/models/found. Ctrl-C ends it after the current
 * model and prints the summary. PyTorch is included if WSBAN_PYTHON or the tests' own Python has it.
 */
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { engineNames } from '../../../runtime/engines/index.js'
import { pythonWithTorch } from '../../support/python.js'
import type { Finding } from './check.js'
import { Checker } from './checker.js'
import { type Minimised, minimise } from './minimise.js'

/** The number of models per process, which bounds leaks. */
const perProcess = 250
/** The number of findings of a kind that are minimised; further ones are only counted. */
const mostMinimised = 4
const perProgressLine = 500

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '1000' },
    engines: { type: 'string', default: 'tfjs-node,wasm,cpu' },
    jobs: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '1000000' },
    log: { type: 'string' },
  },
})
const [from, count, seconds] = [Number(values.from), Number(values.count), Number(values.seconds)]
const engines = values.engines.split(',').flatMap((name) => engineNames.find((engine) => engine === name) ?? [])
const python = pythonWithTorch()
const executors = [...engines, 'onnxruntime', ...(python === undefined ? [] : ['pytorch'])]
console.log(`${executors.join(', ')}${python === undefined ? ' (no PyTorch: npm run test:pytorch sets one up)' : ''}`)
const began = performance.now()
const elapsed = () => (performance.now() - began) / 1000
const rate = () => (tally.models / elapsed()).toFixed(1)
const tally = { models: 0, invalid: 0, crashes: 0 }
const kinds = new Map<string, number>()
let next = from
let stopped = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    stopped = true
  })
await Promise.all(Array.from({ length: Number(values.jobs) }, work))
const summary = {
  ...tally,
  executors,
  seconds: Math.round(elapsed()),
  from,
  to: next,
  findings: Object.fromEntries(kinds),
}
console.log(JSON.stringify(summary))
if (values.log !== undefined) appendFileSync(values.log, `${JSON.stringify(summary)}\n`)
process.exitCode = kinds.size > 0 ? 1 : 0

/** Checks seeds until none is left. */
async function work(): Promise<void> {
  let checker = new Checker(engines, python)
  for (let done = 1; !stopped && next < from + count && elapsed() < seconds; done++) {
    const seed = next++
    const { compiled, findings, text } = await checker.check(seed)
    tally.models++
    tally.invalid += Number(!compiled)
    tally.crashes += Number(findings.some(({ kind }) => kind === 'crash'))
    for (const finding of findings) await report(finding, text, seed)
    if (tally.models % perProgressLine === 0)
      console.log(`${tally.models} models, ${rate()} a second, up to seed ${seed}`)
    if (done % perProcess === 0) {
      await checker.close()
      checker = new Checker(engines, python)
    }
  }
  await checker.close()
}

/** Minimises and reports a finding, unless one of the same kind and operations is known. */
async function report(finding: Finding, text: string, seed: number): Promise<void> {
  const { kind, detail } = finding
  const earlier = kinds.get(kind) ?? 0
  kinds.set(kind, earlier + 1)
  console.log(`seed ${seed}: ${kind}: ${detail}`)
  if (earlier >= mostMinimised) return
  const checker = new Checker(engines, python)
  const shortest = await minimise(text, finding, async (shorter) => (await checker.check(seed, shorter)).findings)
  await checker.close()
  write(shortest, seed)
}

function write({ text, finding: { kind, detail } }: Minimised, seed: number): void {
  const folder = join(import.meta.dirname, 'found')
  mkdirSync(folder, { recursive: true })
  const operations = [...new Set(text.match(/\b[a-z_]\w*(?=\()/g))].filter((name) => !/^(model|fuzz)$/.test(name))
  const name = `${kind}-${operations.toSorted().join('-')}`.replace(/\W+/g, '-').slice(0, 120)
  const file = join(folder, `${name}.wsban`)
  const known = existsSync(file)
  console.log(`${text}\n${detail}\n-> ${file}${known ? ' (was there before)' : ''}`)
  if (!known) writeFileSync(file, `// seed ${seed}: ${kind}: ${detail.replace(/\s+/g, ' ')}\n${text}`)
}
