/**
 * Random valid models on every executor: npm run fuzz -- [--from SEED] [--count N] [--engines tfjs-node,wasm,cpu] [--seconds N] [--log FILE]
 * Checks each model's values, gradients and laws, makes what it finds as short as it can, and writes new findings to test/fuzz/models/found.
 */
import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { engineNames } from '../../../runtime/engines/index.js'
import { packageRoot } from '../../../runtime/package-root.js'
import type { Finding } from './check.js'
import { minimise } from './minimise.js'

/** Models for one process: what leaks in one goes with it. */
const perProcess = 250

const said = z.union([
  z.object({ seed: z.number(), kind: z.string(), detail: z.string(), text: z.string() }),
  z.object({ seed: z.number(), compiled: z.boolean() }),
  z.object({ seed: z.number() }),
  z.object({ done: z.literal(true) }),
])

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '1000' },
    engines: { type: 'string', default: 'tfjs-node,wasm,cpu' },
    seconds: { type: 'string', default: '1000000' },
    log: { type: 'string' },
  },
})
const [from, count, seconds] = [Number(values.from), Number(values.count), Number(values.seconds)]
const engines = values.engines.split(',').flatMap((name) => engineNames.find((engine) => engine === name) ?? [])
const began = performance.now()
const elapsed = () => (performance.now() - began) / 1000
const tally = { models: 0, invalid: 0, crashes: 0 }
const kinds = new Map<string, number>()
let next = from
while (next < from + count && elapsed() < seconds) next = await runFrom(next, Math.min(next + perProcess, from + count))
const summary = {
  ...tally,
  engines,
  seconds: Math.round(elapsed()),
  from,
  to: next,
  findings: Object.fromEntries(kinds),
}
console.log(JSON.stringify(summary))
if (values.log !== undefined) appendFileSync(values.log, `${JSON.stringify(summary)}\n`)
process.exitCode = kinds.size > 0 ? 1 : 0

/** @returns the first seed that was not checked */
async function runFrom(first: number, end: number): Promise<number> {
  const worker = join(import.meta.dirname, 'worker.ts')
  const args = ['--import=tsx', worker, engines.join(','), String(first), String(end)]
  const child = spawn(process.execPath, args, { cwd: packageRoot(), stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<string>((settle) => {
    child.on('close', (status, signal) => settle(signal ?? `status ${status}`))
  })
  let seed = first
  let finished = false
  for await (const line of createInterface({ input: child.stdout })) {
    const message = said.parse(JSON.parse(line))
    if ('done' in message) finished = true
    else if ('kind' in message) await report(message, message.text, message.seed)
    else if ('compiled' in message) {
      tally.models++
      tally.invalid += Number(!message.compiled)
    } else seed = message.seed
  }
  const how = await ended
  if (finished) return end
  tally.crashes++
  count1('crash')
  console.log(`seed ${seed}: the process ended (${how})`)
  return seed + 1
}

function count1(kind: string): void {
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
}

/** Shortens the first few of a kind: the others are counted. */
async function report({ kind, detail }: Finding, text: string, seed: number): Promise<void> {
  count1(kind)
  console.log(`seed ${seed}: ${kind}: ${detail}`)
  if ((kinds.get(kind) ?? 0) > 3) return
  const shortest = await minimise(text, { kind, detail }, seed, engines)
  const folder = join(import.meta.dirname, 'found')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${kind.replace(/\W+/g, '-')}-${seed}.wsban`)
  writeFileSync(file, `// seed ${seed}: ${kind}: ${shortest.finding.detail.replace(/\s+/g, ' ')}\n${shortest.text}`)
  console.log(`${shortest.text}\n${shortest.finding.detail}\n-> ${file}`)
}
