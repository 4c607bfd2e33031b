/**
 * How the time of an export grows with the spec: models of 10, 100, 1,000 and 10,000 nodes, whole processes.
 *
 *   node bench/compile_scale.mjs
 *
 * Time that grows with the length prints a falling or level "a node"; more would print a rising one.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist', 'cli', 'main.js')
const folder = mkdtempSync(join(tmpdir(), 'wsban-scale-'))
const runs = 3

function spec(nodes) {
  const layers = Math.max(1, Math.round(nodes / 3))
  const lines = Array.from(
    { length: layers },
    (_, i) =>
      `    layer${i} = ${i === 0 ? 'image' : `layer${i - 1}`} -> conv2d(4, 1, bias = false) -> batch_norm -> relu`,
  )
  return `model scale {
  input image: Image[3, 8, 8] { resize(8), normalize }
  input label: Class[3]
  branch whole(image) {
${lines.join('\n')}
    logits = layer${layers - 1} -> global_avg_pool -> linear(3)
  }
  loss { whole = cross_entropy(whole.logits, label) }
  predict probabilities = softmax(whole.logits)
  train { epochs = 1, batch = 1 }
}
`
}

function milliseconds(...args) {
  const times = Array.from({ length: runs }, () => {
    const began = performance.now()
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
    if (status !== 0) throw new Error(stdout + stderr)
    return performance.now() - began
  })
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)]
}

const start = milliseconds('export', '--help')
console.log(`start-up alone: ${start.toFixed(0)} ms`)
for (const nodes of [10, 100, 1000, 10_000]) {
  const path = join(folder, `scale_${nodes}.wsban`)
  writeFileSync(path, spec(nodes))
  const time = milliseconds('export', path, '-o', join(folder, 'scale.onnx'))
  console.log(`${nodes} nodes: ${time.toFixed(0)} ms, ${((time - start) / nodes).toFixed(3)} ms a node beyond start-up`)
}
rmSync(folder, { recursive: true })
