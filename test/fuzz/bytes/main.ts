/**
 * Fuzzes every reader of bytes: npm run fuzz:bytes -- [--count 100000] [--from 0] [--reader NAME]. Failing inputs are written to fuzz-faults/, and
 * the exit code is 1. Each reader gets the whole count, which takes some of them many minutes. The npm script limits the memory to 8 GiB: a damaged
 * ONNX file may ask ONNX Runtime for any amount, which has to fail as other errors do.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readers } from './readers.js'
import { runInputs } from './run_inputs.js'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    from: { type: 'string', default: '0' },
    reader: { type: 'string' },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'wsban-fuzz-'))
const from = Number(values.from)
let found = 0
for (const reader of readers(folder)) {
  if (values.reader !== undefined && values.reader !== reader.name) continue
  const began = performance.now()
  const count = Number(values.count)
  const faults = await runInputs(reader, { from, to: from + count, folder, timed: true })
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  const memory = Math.round(process.resourceUsage().maxRSS / 1024)
  process.stdout.write(
    `${reader.name.padEnd(12)} ${count} inputs in ${seconds} s, ${faults.length} faults, ${memory} MB at most\n`,
  )
  found += faults.length
  for (const fault of faults.slice(0, 20)) {
    mkdirSync('fuzz-faults', { recursive: true })
    const name = `${fault.reader.replaceAll(/\W/g, '-')}-${fault.input}`
    writeFileSync(join('fuzz-faults', name), fault.bytes)
    process.stdout.write(`  input ${fault.input}: ${fault.what.split('\n').slice(0, 3).join(' ')}\n`)
  }
}
rmSync(folder, { recursive: true, force: true })
process.exit(found > 0 ? 1 : 0)
